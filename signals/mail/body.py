"""Text leaves of a mail, in order, to one body: quotes of the last one cut, files named where they stood."""

from collections.abc import Mapping

from airut.models.base import Model
from signals.mail.html import html_to_markdown
from signals.mail.quotes import Body, Kind, Region, compose_body, split_marked, split_plain


class TextLeaf(Model):
    text: str
    html: bool


def has_words(leaf: TextLeaf) -> bool:
    """Whether anything is to be seen in it. A picture alone counts: it stands where words could."""
    return bool(_visible(leaf).strip()) or (leaf.html and "<img" in leaf.text.lower())


def write_body(places: tuple[TextLeaf | str | None, ...], files: Mapping[str, str]) -> Body:
    """One body from text leaves and file names in order. `files` names inline pictures by Content-ID.

    A file's name is written only between texts: Apple Mail puts text around its pictures.
    """
    worded = [index for index, place in enumerate(places) if isinstance(place, TextLeaf) and has_words(place)]
    if not worded:
        return Body(cut="", uncut="")
    regions: list[Region] = []
    for place in places[worded[0] : worded[-1] + 1]:
        if isinstance(place, TextLeaf):
            regions += _regions(place, files)
        elif place is not None:
            regions.append(Region(Kind.OWN, f"[file: {place}]"))
    return compose_body(regions)


def _regions(leaf: TextLeaf, files: Mapping[str, str]) -> list[Region]:
    if leaf.html:
        return split_marked(html_to_markdown(leaf.text, files))
    return split_plain(leaf.text)


def _visible(leaf: TextLeaf) -> str:
    if not leaf.html:
        return leaf.text
    return "".join(region.text for region in split_marked(html_to_markdown(leaf.text)))
