"""Every link of README.md and of the pages below docs/ leads to a file, and to a heading, that there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def links(text: str) -> list[str]:
    return [one or other for one, other in LINK.findall(CODE.sub("", text))]


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"(?m)^#+ (.*)$", CODE.sub(lambda found: found[0].strip("`"), text))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def broken(page: Path) -> list[str]:
    found = []
    for link in links(page.read_text()):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_no_link_leads_nowhere(page: Path) -> None:
    assert broken(page) == []


def test_what_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# Some `code`, and [more](x.md)\n")
    page = tmp_path / "a.md"
    page.write_text(
        '[a](b.md#some-code-and-more) [b](b.md#no) [c](c.md) [d](https://x.test) `[e](e.md)` <img src="f.png">'
    )
    assert broken(page) == ["b.md#no", "c.md", "f.png"]


def test_the_readme_fits_on_a_screen_and_its_pictures_are_small() -> None:
    """Detail belongs into docs/; a picture that is looked at once should not weigh more than the code."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130
    pictures = list((ROOT / "docs" / "images").iterdir())
    assert [picture.name for picture in pictures if picture.stat().st_size > 200_000] == []
    assert not any(re.search(r"/work/|/tmp/|/home/|/opt/", p.read_text()) for p in pictures if p.suffix == ".svg")
