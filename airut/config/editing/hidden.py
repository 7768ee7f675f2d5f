"""Secrets that stand in the file itself are shown to nobody: marks stand for them, and are replaced when saving."""

import re
from collections.abc import Iterator, Sequence

from airut.config.editing.document import Document
from airut.config.editing.nodes import Path
from airut.config.editing.values import Reference, Value
from airut.config.key import Form, Node
from airut.config.keys import keys, tree
from airut.errors import ConfigError
from airut.models.base import Model
from airut.models.credentials.lookalikes import better_kind

_MARK = re.compile(r"‹hidden (\d+)›")


class Hidden(Model):
    """A text without its secrets, and what the marks in it stand for."""

    text: str
    originals: tuple[str, ...] = ()

    @property
    def unnumbered(self) -> str:
        """The same mark for all, for comparing: numbers shift when one goes."""
        return _MARK.sub("‹hidden›", self.text)

    def restored(self, written: str) -> str:
        """What somebody has made of the text, with the secrets in it again."""

        def original(mark: re.Match[str]) -> str:
            number = int(mark[1])
            return self.originals[number - 1] if 1 <= number <= len(self.originals) else mark[0]

        return _MARK.sub(original, written)


def hidden(written: str) -> Hidden:
    """Also of a file that cannot be read: there a value goes by its key's name."""
    try:
        document = Document(written)
    except ConfigError:
        return _cut(written, sorted([*_by_name(written), *_in_vars(written)]))
    return _cut(written, sorted(document.span(path) for path in set(secret_paths(document.values))))


def secret_paths(values: Value) -> Iterator[Path]:
    """Where a secret's value stands in the file: at its field, below `vars`, or as a variable that looks like one."""
    for node in tree():
        below = values.get(node.key.name) if isinstance(values, dict) else None
        yield from _below(node, below, (node.key.name,), values)


def _below(node: Node, value: Value, path: Path, values: Value) -> Iterator[Path]:
    if node.key.form is Form.SECRET:
        yield from _secret(value, path, values)
    elif isinstance(value, dict) and node.key.form is Form.MAP:
        for name, member in value.items():
            yield from _below(node.below[0], member, (*path, name), values)
            if node.key.name == "env" and isinstance(member, str) and better_kind(name, member) is not None:
                yield (*path, name)
    elif isinstance(value, dict):
        for each in (*node.below, *(below for variant in node.variants for below in variant.below)):
            yield from _below(each, value.get(each.key.name), (*path, each.key.name), values)
    elif isinstance(value, list) and node.below:
        for number, item in enumerate(value):
            yield from _below(node.below[0], item, (*path, number), values)


def _secret(value: Value, path: Path, values: Value) -> Iterator[Path]:
    if isinstance(value, Reference):
        variables = values.get("vars") if isinstance(values, dict) else None
        if (
            value.tag == "!var"
            and isinstance(variables, dict)
            and isinstance(variables.get(value.name), str | int | float)
        ):
            yield ("vars", value.name)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path


def _names() -> str:
    names = {key.name for key in keys() if key.form is Form.SECRET and key.name.isidentifier()}
    return "|".join(sorted(map(re.escape, names)))


_VARS = re.compile(r"(?m)^vars:[^\n]*(?:\n(?:[ \t]+[^\n]*)?(?=\n|\Z))*")
_LITERAL = re.compile(r"[\w\"'-]+[ \t]*:[ \t]+(?![!{\[#&*])([^\s,}][^,}\n]*)")


def _in_vars(written: str) -> Iterator[tuple[int, int]]:
    """Any variable may be a secret's, and which one is cannot be seen where the file cannot be read."""
    for section in _VARS.finditer(written):
        yield from (found.span(1) for found in _LITERAL.finditer(written, *section.span()))


def _by_name(written: str) -> Iterator[tuple[int, int]]:
    for found in re.finditer(rf"(?m)(?:^|[\s{{,])(?:{_names()})[ \t]*:[ \t]+(?![!{{\[#&*])(\S[^\n]*)", written):
        if found[1][0] not in "|>":
            yield found.start(1), found.end(1)
            continue
        line = written[written.rfind("\n", 0, found.start(1)) + 1 : found.start(1)]
        indent = len(line) - len(line.lstrip())
        stop = found.end(1)
        while (
            following := re.compile(rf"\n(?: {{{indent + 1},}}[^\n]*|[ \t]*(?=\n))").match(written, stop)
        ) is not None:
            stop = following.end()
        yield found.start(1), stop


def _cut(written: str, spans: Sequence[tuple[int, int]]) -> Hidden:
    parts, originals, place = [], [], 0
    for begin, stop in spans:
        if begin < place:
            continue
        originals.append(written[begin:stop])
        parts += [written[place:begin], f"‹hidden {len(originals)}›"]
        place = stop
    return Hidden(text="".join([*parts, written[place:]]), originals=tuple(originals))
