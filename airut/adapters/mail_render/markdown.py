"""Markdown to the HTML of a mail: CommonMark, tables, strike-through, task lists; no scripts, no remote content."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

MAX_RENDERED = 256 * 1024
"""Characters. Beyond, the text is shown as it is: the parser takes seconds for a megabyte of brackets."""

_LINK_SCHEMES = {"http", "https", "mailto"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TASK = re.compile(r"\[([ xX])\][ \u00a0]")
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:90%"
_STYLES = {
    "blockquote_open": "margin:0 0 1em 0;padding:0 0 0 1em;border-left:3px solid #d0d7de;color:#57606a",
    "table_open": "border-collapse:collapse;margin:0 0 1em 0",
    "th_open": "border:1px solid #d0d7de;padding:4px 10px;background:#f6f8fa",
    "td_open": "border:1px solid #d0d7de;padding:4px 10px",
    "code_inline": f"{_MONO};background:#f6f8fa;padding:0 .3em;border-radius:3px",
    "hr": "border:0;border-top:1px solid #d0d7de",
}
_PRE = f"{_MONO};background:#f6f8fa;padding:10px;border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere"
_PAGE = "font-family:-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5"
_FOOTER = "color:#57606a;font-size:12px"


def plain(markdown: str) -> str:
    """The text as written: line ends are `\\n`, controls (NUL among them) and lone surrogates are gone."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")
    return _CONTROLS.sub("", text)


def to_html(markdown: str, footer: Sequence[str], pictures: Mapping[str, str]) -> str:
    """Return a whole HTML document.

    `pictures` maps the names of attached pictures to their `cid:` ids; an image of another origin becomes a link.
    `footer` lines are plain text: what the agent leaves open in its Markdown cannot reach them.
    """
    text = plain(markdown)
    body = _render(text, pictures) if len(text) <= MAX_RENDERED else _preformatted(text)
    lines = "<br>\n".join(escape(line) for line in footer)
    rule = f'<hr style="{_STYLES["hr"]}">\n<p style="{_FOOTER}">{lines}</p>\n' if footer else ""
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n'
        f'<body><div style="{escape(_PAGE)}">\n{body}{rule}</div></body></html>\n'
    )


def _render(text: str, pictures: Mapping[str, str]) -> str:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    # Every target parses as a link; which of them become one is decided below, so that no target's text is lost.
    parser.validateLink = _any_link  # type: ignore[method-assign,assignment]  # as its documentation says
    parser.add_render_rule("fence", _code_block)
    parser.add_render_rule("code_block", _code_block)
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        _style(token)
        if token.type == "inline" and token.children:
            if index >= 2 and tokens[index - 2].type == "list_item_open":
                _tick_box(token.children[0])
            token.children = _safe_inline(token.children, pictures)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _style(token: Token) -> None:
    if style := _STYLES.get(token.type):
        aligned = token.attrGet("style")
        token.attrSet("style", f"{style};{aligned}" if aligned else style)


def _tick_box(first: Token) -> None:
    """`[ ]` and `[x]` at the start of a list item become characters: a form control does nothing in a mail."""
    if first.type == "text" and (match := _TASK.match(first.content)):
        box = "\u2610" if match[1] == " " else "\u2611"
        first.content = f"{box} {first.content[match.end() :]}"


def _safe_inline(children: Sequence[Token], pictures: Mapping[str, str]) -> list[Token]:
    safe: list[Token] = []
    targets: list[str | None] = []
    for token in children:
        if token.type == "link_open":
            href = str(token.attrGet("href") or "")
            targets.append(None if _allowed(href) else href)
            if _allowed(href):
                safe.append(token)
        elif token.type == "link_close":
            refused = targets.pop()
            safe.append(token if refused is None else _text(f" ({unquote(refused)})" if refused else ""))
        elif token.type == "image":
            safe.extend(_image(token, pictures, linked=bool(targets)))
        else:
            _style(token)
            safe.append(token)
    return safe


def _image(token: Token, pictures: Mapping[str, str], linked: bool) -> list[Token]:
    source = str(token.attrGet("src") or "")
    name = unquote(source).removeprefix("/outbox/").removeprefix("./").removeprefix("outbox/")
    if cid := pictures.get(name):
        token.attrSet("src", f"cid:{cid}")
        token.attrSet("style", "max-width:100%")
        return [token]
    label = token.content or name
    if not _allowed(source) or linked:
        return [_text(label)]
    opened = Token("link_open", "a", 1)
    opened.attrSet("href", source)
    return [opened, _text(label), Token("link_close", "a", -1)]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _allowed(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in _LINK_SCHEMES
    except ValueError:
        return False


def _any_link(_url: str, /) -> bool:
    return True


def _code_block(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return _preformatted(tokens[index].content)


def _preformatted(text: str) -> str:
    return f'<pre style="{_PRE}"><code>{escape(text)}</code></pre>\n'
