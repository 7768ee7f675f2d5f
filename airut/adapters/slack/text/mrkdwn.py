"""CommonMark with tables, strike-through and task lists, as lines of Slack's mrkdwn (spec: slack §10). Pure."""

import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from airut.adapters.slack.text.inline import ZERO_WIDTH, Inline, escaped
from airut.adapters.slack.text.mentions import Mentions
from airut.adapters.slack.text.tables import table
from airut.models.base import Model

MAX_RENDERED = 256 * 1024
"""Characters. Beyond, the text is shown as it is: the parser takes seconds for a megabyte of brackets."""

BULLETS = "•◦▪"
INDENT = "    "
RULE = "———"
_TASK = re.compile(r"\[([ xX])\][ \u00a0]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Line(Model):
    """One line of an answer. `prefix` are quote marks, repeated where the line is cut; `code` lines stand in a fence,
    which is written around them wherever they end up."""

    text: str = ""
    prefix: str = ""
    code: bool = False

    @property
    def blank(self) -> bool:
        """Whether a new paragraph begins behind it."""
        return not self.text.strip() and not self.code


def lines(markdown: str, mentions: Mentions | None = None) -> tuple[Line, ...]:
    """The whole answer, line by line; between two paragraphs stands a blank one."""
    text = _CONTROLS.sub("", markdown.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) > MAX_RENDERED:
        return tuple(_code(text))
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.validateLink = _any_link  # type: ignore[method-assign,assignment]  # as its documentation says
    tree = SyntaxTreeNode(parser.parse(text))
    return tuple(_Blocks(mentions or Mentions()).document(tree))


def _any_link(_url: str, /) -> bool:
    return True


class _Blocks:
    def __init__(self, mentions: Mentions) -> None:
        self._mentions = mentions

    def document(self, root: SyntaxTreeNode) -> Iterator[Line]:
        yield from self._joined(root.children, depth=0, tight=False)

    def _joined(self, nodes: Iterable[SyntaxTreeNode], depth: int, *, tight: bool) -> Iterator[Line]:
        begun = False
        for node in nodes:
            found = list(self._block(node, depth))
            if found and begun and not tight:
                yield Line()
            begun = begun or bool(found)
            yield from found

    def _block(self, node: SyntaxTreeNode, depth: int) -> Iterator[Line]:
        match node.type:
            case "paragraph":
                yield from self._words(node)
            case "heading":
                text = " ".join(line.text for line in self._words(node, bold=False)).strip()
                if text:
                    yield Line(text=f"*{text}*")
            case "fence" | "code_block":
                yield from _code(node.content)
            case "table":
                yield from (Line(text=escaped(row), code=True) for row in table(node))
            case "hr":
                yield Line(text=RULE)
            case "blockquote":
                for line in self._joined(node.children, depth, tight=False):
                    yield line.model_copy(update={"prefix": f"> {line.prefix}"})
            case "bullet_list" | "ordered_list":
                yield from self._list(node, depth)
            case _:
                yield from (Line(text=escaped(text)) for text in node.content.splitlines())

    def _words(self, node: SyntaxTreeNode, *, bold: bool = True) -> Iterator[Line]:
        for inline in node.children:
            for text in Inline(self._mentions, bold=bold).write(inline).split("\n"):
                yield Line(text=text)

    def _list(self, node: SyntaxTreeNode, depth: int) -> Iterator[Line]:
        number = int(node.attrs.get("start", 1))
        for index, item in enumerate(node.children):
            marker = f"{number + index}." if node.type == "ordered_list" else BULLETS[min(depth, len(BULLETS) - 1)]
            if index and not _is_tight(node):
                yield Line()
            yield from self._item(item, marker, depth, tight=_is_tight(node))

    def _item(self, item: SyntaxTreeNode, marker: str, depth: int, *, tight: bool) -> Iterator[Line]:
        """Its first line carries the marker; what follows stands below, except that lists indent themselves."""
        indent, first = INDENT * depth, True
        for child in item.children:
            if not first and not tight:
                yield Line()
            is_list = child.type.endswith("_list")
            for line in self._block(child, depth + 1 if is_list else depth):
                if first and not is_list and not line.code and not line.prefix:
                    yield Line(text=f"{indent}{marker} {_ticked(line.text)}")
                    first = False
                    continue
                if first:
                    yield Line(text=f"{indent}{marker}")
                    first = False
                own = is_list or line.code or line.prefix
                yield line if own else line.model_copy(update={"text": f"{indent}  {line.text}"})
        if first:
            yield Line(text=f"{indent}{marker}")


def _is_tight(node: SyntaxTreeNode) -> bool:
    paragraphs = [child for item in node.children for child in item.children if child.type == "paragraph"]
    return all(paragraph.hidden for paragraph in paragraphs)


def _ticked(text: str) -> str:
    if match := _TASK.match(text):
        return f"{'☐' if match[1] == ' ' else '☑'} {text[match.end() :]}"
    return text


def _code(content: str) -> Iterator[Line]:
    """A fence may hold three backticks only with something between them."""
    for text in content.rstrip("\n").split("\n") if content.strip("\n") else ():
        yield Line(text=escaped(text.replace("```", ZERO_WIDTH.join("```"))), code=True)
