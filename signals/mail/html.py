"""HTML of a mail to Markdown: block by block, with the marks of quotes and signatures on lines of their own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from signals.mail.html_inline import Inline, attribute, is_dropped, longest_run
from signals.mail.html_marks import mark_regions
from signals.mail.html_table import table_rows, write_table
from signals.mail.quotes import QUOTE_BEGIN, SIGNATURE_END

MAX_HTML = 5 * 1024 * 1024
"""Characters; what is above is cut, since no person writes so much and parsing it takes seconds."""
MAX_TAGS = 100_000
"""What follows so many is cut: the longest of real mails have a tenth, and each costs some 20 µs."""
MAX_UNCLOSED = 1000
"""Tags without an end, by which HTML is taken for text: programs that write HTML close theirs."""
MAX_DEPTH = 100
"""Deeper elements are read as their text alone: twenty years of replies nest less."""

_BLOCKS = re.compile(
    r"address|article|aside|blockquote|body|center|d[dlt]|details|div|fieldset|figure|footer|form|h[1-6]|header|hr|html|li"
    r"|main|nav|[ou]l|p|pre|section|summary|table|tbody|t[dhr]|tfoot|thead"
)
_MARK = re.compile(f"[{QUOTE_BEGIN}-{SIGNATURE_END}]")
_SPELT_MARK = re.compile(r"&#(?:x0*e00[0-3](?![0-9a-f])|0*5734[4-7](?![0-9]));?", re.IGNORECASE)
"""Our marks as character references, which only a mail that wants to look marked holds."""
_LIST_BULLET = re.compile(r"(?:[·•o§▪–-]|(\(?[0-9a-zA-Z]{1,3}[.)]))[\s\u00a0]+")
_LIST_LEVEL = re.compile(r"mso-list:[^;]*level(\d)")


@dataclass(frozen=True)
class Block:
    """Text of a block, and whether a blank line separates it from its neighbours (paragraphs, not `div` lines)."""

    text: str
    loose: bool


def html_to_markdown(html: str, files: Mapping[str, str] | None = None) -> str:
    """Markdown of an HTML text. `files` names inline pictures by Content-ID; they become `[file: name]`.

    Quotes and signatures that clients mark stand between the marks of `quotes`; `split_marked` reads them.
    """
    # The comment keeps the parser from guessing that short or XML-like text was passed by mistake.
    soup = BeautifulSoup("<!-- -->" + _parseable(_SPELT_MARK.sub("", _within_limits(html))), "html.parser")
    mark_regions(soup)
    return join_blocks(_Writer(Inline(files or {})).blocks(soup, 0))


def join_blocks(blocks: list[Block]) -> str:
    """One text: a blank line around loose blocks, a line break between others; empty lines never pile up."""
    text = ""
    for index, block in enumerate(blocks):
        if index:
            text += "\n\n" if block.loose or blocks[index - 1].loose else "\n"
        text += block.text
    lines = (line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


class _Writer:
    """Walks block elements; what stands between them is inline."""

    def __init__(self, inline: Inline) -> None:
        self._inline = inline

    def blocks(self, parent: Tag, depth: int) -> list[Block]:
        if depth > MAX_DEPTH:
            return [Block(parent.get_text(" ", strip=True), loose=False)]
        blocks: list[Block] = []
        run: list[PageElement] = []
        for child in parent.children:
            if isinstance(child, PreformattedString):  # comments, doctype, Outlook's `<![if …]>`
                continue
            if isinstance(child, Tag) and is_dropped(child):
                continue
            if _is_mark(child) or (isinstance(child, Tag) and _is_block(child)):
                blocks += self._paragraph(run)
                run = []
                blocks += self._element(child, depth + 1)
            else:
                run.append(child)
        return blocks + self._paragraph(run)

    def _paragraph(self, run: list[PageElement]) -> list[Block]:
        text = self._inline.text(run)
        if text.strip():
            return [Block(text.strip("\n"), loose=False)]
        # A line that holds nothing but a line break is how an empty line is written.
        return [Block("", loose=False)] if any(_is_break(each) for each in run) else []

    def _element(self, element: PageElement, depth: int) -> list[Block]:
        if not isinstance(element, Tag):
            return [Block(str(element), loose=True)]
        match element.name:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                text = " ".join(self._text(element, depth).split())
                return [Block(f"{'#' * int(element.name[1])} {text}", loose=True)] if text else []
            case "hr":
                return [Block("---", loose=True)]
            case "pre":
                return [Block(_fenced(element.get_text()), loose=True)]
            case "blockquote":
                return [Block(_prefixed(self._text(element, depth), "> "), loose=True)]
            case "ul" | "ol":
                nested = element.parent is not None and element.parent.name == "li"
                return [Block(self._list(element, depth), loose=not nested)]
            case "table":
                return self._table(element, depth)
            case "p":
                return self._p(element, depth)
            case _:
                return self.blocks(element, depth)

    def _text(self, element: Tag, depth: int) -> str:
        return join_blocks(self.blocks(element, depth))

    def _p(self, element: Tag, depth: int) -> list[Block]:
        text = self._text(element, depth)
        classes = " ".join(attribute(element, "class").split()).lower()
        if "msolistparagraph" in classes and (match := _LIST_BULLET.match(text)):
            level = _LIST_LEVEL.search(attribute(element, "style"))
            indent = "  " * (int(level[1]) - 1 if level else 0)
            marker = f"{match[1].strip('()')}" if match[1] else "-"
            return [Block(f"{indent}{marker} {text[match.end() :].strip()}", loose=False)]
        if "msonormal" in classes:  # Outlook's lines are paragraphs without margins
            return [Block(text, loose=False)]
        return [Block(text, loose=True)] if text.strip() else []

    def _list(self, element: Tag, depth: int) -> str:
        start = attribute(element, "start")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        lines: list[str] = []
        for child in element.find_all(True, recursive=False):
            if is_dropped(child):
                continue
            if child.name in ("ul", "ol"):  # wrong but common: a list directly in a list
                lines.append(_prefixed(self._list(child, depth + 1), "  ") if depth < MAX_DEPTH else child.get_text())
                continue
            marker = f"{number}. " if element.name == "ol" else "- "
            number += 1
            text = self._text(child, depth) if _is_block(child) else self._inline.text([child])
            lines.append(marker + _prefixed(text, " " * len(marker)).strip())
        return "\n".join(lines)

    def _table(self, table: Tag, depth: int) -> list[Block]:
        rows = table_rows(table)
        layout = table.find("table") is not None or attribute(table, "role") == "presentation"
        if layout or max((len(row) for row in rows), default=0) < 2:
            return [block for row in rows for cell in row for block in self.blocks(cell, depth)]
        texts = [[" ".join(self._text(cell, depth).split()) for cell in row] for row in rows]
        has_header = any(cell.name == "th" for cell in rows[0])
        return [Block(write_table(texts, has_header=has_header), loose=True)]


def _within_limits(html: str) -> str:
    html = html[:MAX_HTML]
    if html.count("<") <= MAX_TAGS:
        return html
    *kept, _ = html.split("<", MAX_TAGS + 1)
    return "<".join(kept)


def _parseable(html: str) -> str:
    """What the standard library's parser reads in linear time: it looks for the end of each comment and each tag
    from every one that has none, which takes hours for a mail made for it."""
    kept: list[str] = []
    position = 0
    while (start := html.find("<!--", position)) >= 0:
        kept.append(html[position:start])
        end = html.find("-->", start + 2)
        position = len(html) if end < 0 else end + 3
    text = "".join((*kept, html[position:]))
    if text.count("<") - text.count(">") > MAX_UNCLOSED:
        text = text.replace("<", "&lt;")
    return text


def _is_block(element: Tag) -> bool:
    """By its name, or because a block stands in it: `<b><div>…</div></b>` is two blocks, not one bold run."""
    return _named_block(element) or element.find(_named_block) is not None or _holds_mark(element)


def _named_block(element: Tag) -> bool:
    return _BLOCKS.fullmatch(element.name) is not None


def _holds_mark(element: Tag) -> bool:
    return element.find(string=_MARK) is not None


def _is_mark(element: PageElement) -> bool:
    return isinstance(element, NavigableString) and bool(_MARK.fullmatch(str(element)))


def _is_break(element: PageElement) -> bool:
    return isinstance(element, Tag) and (element.name == "br" or element.find("br") is not None)


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join((prefix + line).rstrip() for line in text.split("\n"))


def _fenced(text: str) -> str:
    fence = "`" * max(3, longest_run(text) + 1)
    return f"{fence}\n{text.strip(chr(10))}\n{fence}"
