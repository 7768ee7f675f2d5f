"""Text leaves of a mail, in order, to one body: quotes of the last one cut, files named where they stood."""

from collections.abc import Mapping
from functools import cached_property

from airut.models.base import Model
from signals.mail.html import html_to_markdown
from signals.mail.quotes import Body, Kind, Region, compose_body, split_marked, split_plain


class TextLeaf(Model):
    text: str
    html: bool

    @cached_property
    def markdown(self) -> str:
        """Of HTML, without the names of its pictures. Once: seconds of work for the largest."""
        return html_to_markdown(self.text)


def has_words(leaf: TextLeaf) -> bool:
    """Whether anything is to be seen in it. A picture alone counts: it stands where words could."""
    if not leaf.html:
        return bool(leaf.text.strip())
    return any(region.text.strip() for region in split_marked(leaf.markdown)) or "<img" in leaf.text.lower()


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
        shows_files = "cid:" in leaf.text.lower()
        return split_marked(html_to_markdown(leaf.text, files) if shows_files else leaf.markdown)
    return split_plain(leaf.text)
