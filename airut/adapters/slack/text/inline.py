"""The words of a line: emphasis, links, code, references, as Slack's mrkdwn writes them (spec: slack §10). Pure."""

import re
from urllib.parse import unquote, urlsplit

from markdown_it.tree import SyntaxTreeNode

from airut.adapters.slack.text.mentions import Mentions

ZERO_WIDTH = "\u200b"
"""Where a marker touches a letter, Slack takes it for a character of the word; this space parts the two."""

_LINK_SCHEMES = {"http", "https", "mailto"}
_MARKERS = {"strong": "*", "em": "_", "s": "~"}
_ADDRESS = re.compile(r"(?:https?://|\b(?=www\.))([^\s/?#:]+)", re.IGNORECASE)
_UNSAFE = re.compile(r"[|<>\s\x00-\x1f]")


def escaped(text: str) -> str:
    """The three characters that mean something everywhere (https://docs.slack.dev/messaging/formatting-message-text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Inline:
    """Writes one line. `bold` is False where all of it is bold already."""

    def __init__(self, mentions: Mentions, *, bold: bool = True) -> None:
        self._mentions = mentions
        self._bold = bold
        self._out: list[str] = []
        self._closed = False
        """Whether a marker was closed last: a letter behind it must not touch it."""

    def write(self, node: SyntaxTreeNode) -> str:
        """The mrkdwn of an `inline` node; a line break is a newline."""
        for child in node.children:
            self._node(child, linked=False)
        return "".join(self._out)

    def _node(self, node: SyntaxTreeNode, *, linked: bool) -> None:
        match node.type:
            case "text":
                self._text(node.content, linked=linked)
            case "strong" if not self._bold:
                self._children(node, linked=linked)
            case "strong" | "em" | "s":
                self._marked(node, _MARKERS[node.type], linked=linked)
            case "code_inline":
                self._open("`")
                self._put(escaped(node.content.replace("`", f"{ZERO_WIDTH}`{ZERO_WIDTH}")))
                self._close("`")
            case "link":
                self._link(str(node.attrs.get("href", "")), plain(node), node, linked=linked)
            case "image":
                source = str(node.attrs.get("src", ""))
                self._link(source, plain(node) or unquote(source), None, linked=linked)
            case "softbreak" | "hardbreak":
                self._put("\n" if not linked else " ")
            case _:
                self._put(escaped(node.content))

    def _children(self, node: SyntaxTreeNode, *, linked: bool) -> None:
        for child in node.children:
            self._node(child, linked=linked)

    def _marked(self, node: SyntaxTreeNode, marker: str, *, linked: bool) -> None:
        if linked or not plain(node).strip():
            self._children(node, linked=linked)
            return
        self._open(marker)
        self._children(node, linked=linked)
        self._close(marker)

    def _link(self, url: str, label: str, node: SyntaxTreeNode | None, *, linked: bool) -> None:
        if not _allowed(url):
            if node is not None:
                self._children(node, linked=True)
            else:
                self._put(escaped(label))
            if node is not None and url and url != label:
                self._put(escaped(f" ({unquote(url)})"))
            return
        if linked:
            self._put(escaped(label))
            return
        target = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)
        label = " ".join(label.split())
        if label in ("", url, unquote(url)):
            self._put(f"<{target}>")
        elif _misleads(label, url):
            self._put(f"{escaped(label)} (<{target}>)")
        else:
            self._put(f"<{target}|{escaped(label)}>")

    def _text(self, text: str, *, linked: bool) -> None:
        text = text.replace("```", ZERO_WIDTH.join("```"))  # or a fence would begin here
        if linked:
            self._put(escaped(text))
            return
        for part in self._mentions.parts(text):
            self._put(escaped(part) if isinstance(part, str) else part.reference())

    def _open(self, marker: str) -> None:
        before = self._out[-1][-1:] if self._out else ""
        if before.isalnum() or (before and before in "*_~`" and self._closed):
            self._out.append(ZERO_WIDTH)
        self._closed = False
        self._out.append(marker)

    def _close(self, marker: str) -> None:
        self._out.append(marker)
        self._closed = True

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._closed and text[0].isalnum():
            self._out.append(ZERO_WIDTH)
        self._closed = False
        self._out.append(text)


def plain(node: SyntaxTreeNode) -> str:
    """The text of a node without any markup."""
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(plain(child) for child in node.children) if node.children else node.content


def _misleads(label: str, url: str) -> bool:
    """Whether it names an address on another host: what an agent writes may be meant to lead people astray."""
    shown = _ADDRESS.search(label)
    return shown is not None and shown[1].lower().removeprefix("www.") != _host(url)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def _allowed(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _LINK_SCHEMES
    except ValueError:
        return False
