"""Markdown of agents and of people as HTML that can do nothing: no HTML of theirs, no pictures, no odd links."""

from collections.abc import Sequence
from functools import cache
from html import escape
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from airut.models.values.visible import clean

SCHEMES = frozenset({"http", "https", "mailto"})
PARSED_MOST = 64 * 1024
"""Characters. A longer text is shown as it was written: parsing takes time that its author chooses."""
FIRST_HEADING = 4
"""A page's own headings stand above those of the texts in it."""


def rendered(text: str) -> Markup:
    text = clean(text)
    if len(text) > PARSED_MOST:
        return Markup("<pre>") + Markup(escape(text)) + Markup("</pre>")  # noqa: S704 (escaped)
    return Markup(_parser().render(text))  # noqa: S704 (HTML is off, and links are looked at below)


def line(text: str) -> Markup:
    """A sentence of ours or of an operator's: only what stands within a line."""
    return Markup(_parser().renderInline(clean(text[:PARSED_MOST])))  # noqa: S704 (as above)


@cache
def _parser() -> MarkdownIt:
    # CommonMark's rules cost linear time; of GitHub's, tables are what agents write.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = _is_link  # type: ignore[method-assign]  # how the library wants it (its "security" page)
    return parser


def _is_link(url: str) -> bool:
    """Only what leads out of the dashboard: a relative one would lead to its pages in somebody else's words."""
    try:
        found = urlsplit(url.strip())
    except ValueError:
        return False
    return found.scheme.lower() in SCHEMES and bool(found.netloc or found.scheme.lower() == "mailto")


class _Renderer(RendererHTML):
    def link_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        tokens[at].attrSet("rel", "noopener noreferrer nofollow")
        return self.renderToken(tokens, at, options, env)

    def heading_open(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        return f"<{_lower(tokens[at].tag)}>"

    def heading_close(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        return f"</{_lower(tokens[at].tag)}>\n"

    def td_open(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        return f"<{tokens[at].tag}>"  # without its alignment: the pages' policy takes no style in an attribute

    th_open = td_open

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:  # noqa: ARG002
        return f"<pre><code>{escape(tokens[idx].content)}</code></pre>\n"


def _lower(tag: str) -> str:
    return f"h{min(int(tag[1]) + FIRST_HEADING - 1, 6)}"
