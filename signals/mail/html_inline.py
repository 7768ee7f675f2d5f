"""Inline HTML to Markdown: emphasis, links, code, pictures, line breaks."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from bs4.element import NavigableString, PageElement, PreformattedString, Tag

_EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "strike": "~~", "del": "~~"}
_WHITE = re.compile(r"[ \t\n\f\u00a0\u200b]+")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_DROPPED = re.compile(r"script|style|head|title|meta|link|noscript|template|object|iframe|svg|select|button")
_TINY = re.compile(r"\s*[01](?:px)?\s*")
_TINY_STYLE = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*[01]px", re.IGNORECASE)
_LINK = re.compile(r"(?:https?|mailto|ftp):", re.IGNORECASE)
MAX_DEPTH = 60
"""Deeper inline elements are read as their text alone."""


def attribute(element: Tag, name: str) -> str:
    """An attribute's text; several values (`class`) joined by spaces; empty when absent."""
    value = element.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


def is_dropped(element: Tag) -> bool:
    """Nothing of it is to be read. Such elements stay in the tree: to take one out costs a look at each before it."""
    hidden = element.has_attr("hidden") or bool(_HIDDEN.search(attribute(element, "style")))
    return hidden or _DROPPED.fullmatch(element.name) is not None


class Inline:
    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def text(self, elements: Iterable[PageElement], depth: int = 0) -> str:
        """Markdown of a run of inline elements; a line feed where the mail breaks the line."""
        text = "".join(self._one(element, depth) for element in elements)
        return re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", text)).strip(" ")

    def _one(self, element: PageElement, depth: int) -> str:
        if isinstance(element, PreformattedString):
            return ""
        if isinstance(element, NavigableString):
            return _WHITE.sub(" ", str(element))
        if not isinstance(element, Tag) or is_dropped(element):
            return ""
        if depth > MAX_DEPTH:
            return _WHITE.sub(" ", element.get_text())
        match element.name:
            case "br":
                return "\n"
            case "img":
                return self._picture(element)
            case "input" if attribute(element, "type") == "checkbox":
                return "[x] " if element.has_attr("checked") else "[ ] "
            case "code" | "tt" | "kbd" | "samp":
                return _code(element.get_text())
            case "a":
                return self._link(element, depth)
        inner = "".join(self._one(child, depth + 1) for child in element.children)
        return _wrapped(inner, _EMPHASIS.get(element.name, ""))

    def _link(self, element: Tag, depth: int) -> str:
        text = "".join(self._one(child, depth + 1) for child in element.children)
        target = attribute(element, "href").strip()
        words = " ".join(text.split())
        if not _LINK.match(target) or not words:
            return text
        if words.strip("<>") in (target, target.removeprefix("mailto:"), target.removesuffix("/")):
            return words
        lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{lead}[{words}]({target}){tail}"

    def _picture(self, element: Tag) -> str:
        sizes = (attribute(element, "width"), attribute(element, "height"))
        if any(_TINY.fullmatch(size) for size in sizes) or _TINY_STYLE.search(attribute(element, "style")):
            return ""
        source = attribute(element, "src")
        if source.lower().startswith("cid:"):
            name = self._files.get(unquote(source[4:]).strip("<>"))  # RFC 2392 §2
            return f"[file: {name}]" if name else ""
        return attribute(element, "alt").strip()


def longest_run(text: str) -> int:
    """Backticks in a row: a fence around the text needs more."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _wrapped(text: str, marker: str) -> str:
    """Emphasis around the words, not around the white space beside them, which Markdown would not read."""
    words = text.strip()
    if not marker or not words:
        return text
    start = text.index(words)
    inner = "\n".join(f"{marker}{line.strip()}{marker}" if line.strip() else "" for line in words.split("\n"))
    return f"{text[:start]}{inner}{text[start + len(words) :]}"


def _code(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    fence = "`" * (longest_run(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"
