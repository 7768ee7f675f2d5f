"""`airut.yaml` as a text in which single values are changed: all that is not touched stays byte for byte."""

import hashlib
from typing import Self

import yaml

from airut.config.editing import nodes
from airut.config.editing.nodes import Path
from airut.config.editing.values import Reference, Value, entry, one_line
from airut.errors import ConfigError


class Document:
    """Immutable: each edit gives a new one. Every edit is read back before it is handed out.

    Raises (from the constructor):
        ConfigError: not YAML, no mapping, a key that stands twice; with the place.
    """

    def __init__(self, written: str, named: str = "airut.yaml") -> None:
        self.text = written
        self._named = named
        self._root = nodes.compose(written, named)
        self._shared = nodes.shared(self._root) if self._root else set()

    @property
    def digest(self) -> str:
        return digest(self.text.encode())

    @property
    def values(self) -> Value:
        return nodes.value_of(self._root) if self._root else {}

    def has(self, path: Path) -> bool:
        return self._find(path) is not None

    def value(self, path: Path) -> Value:
        """What stands there; None also where nothing does."""
        found = self._find(path)
        return None if found is None else nodes.value_of(found)

    def where(self, path: Path) -> str:
        """`file:line:column` of what stands there, or of the nearest above it."""
        found = self._find(path) or self._nearest(path)[0]
        line, column = (found.start_mark.line + 1, found.start_mark.column + 1) if found else (1, 1)
        return f"{self._named}:{line}:{column}"

    def span(self, path: Path) -> tuple[int, int]:
        """From where to where its characters stand. Raises: KeyError: nothing does."""
        if (found := self._find(path)) is None:
            raise KeyError(path)
        stop = nodes.end(found)
        return nodes.start(found), len(self.text[:stop].rstrip()) if stop > nodes.start(found) else stop

    def set(self, path: Path, value: Value) -> Self:
        """With this value there; mappings on the way to it are made.

        Raises:
            ConfigError: the place stands below an alias, a list is too short, or something else is in the way.
        """
        found = self._find(path)
        if found is not None:
            return self if _same(nodes.value_of(found), value) else self._replaced(path, found, value)
        above, missing = self._nearest(path)
        self._refuse_shared(above, path)
        for name in reversed(path[len(path) - missing + 1 :]):
            value = {str(name): value}
        name = path[len(path) - missing]
        if isinstance(above, yaml.MappingNode) and isinstance(name, str):
            return self._checked(self._with_key(above, name, value), _put(self.values, path, value, missing))
        if isinstance(above, yaml.SequenceNode) and name == len(above.value):
            return self.set(path[: len(path) - missing], [*_listed(nodes.value_of(above)), value])
        if above is None:
            return self._checked(self._appended(str(name), value), {str(name): value})
        if isinstance(above, yaml.ScalarNode) and nodes.value_of(above) is None:
            return self.set(path[: len(path) - missing], {str(name): value})
        raise ConfigError(f"{self._named}: {_dotted(path)}: {_dotted(path[: len(path) - missing])} holds no keys")

    def remove(self, path: Path) -> Self:
        """Without what stands there; the same where nothing does. Comments above it stay."""
        above, last = path[:-1], path[-1]
        found, parent = self._find(path), self._find(above)
        if found is None or parent is None:
            return self
        self._refuse_shared(parent, path)
        kept = _without(self.values, path)
        if isinstance(parent, yaml.SequenceNode):
            listed = _listed(nodes.value_of(parent))
            return self.set(above, [item for number, item in enumerate(listed) if number != last])
        if not isinstance(parent, yaml.MappingNode):
            return self
        if len(parent.value) == 1 and above:
            return self.set(above, {})
        return self._checked(self._without_key(parent, str(last)), kept)

    def rename(self, path: Path, name: str) -> Self:
        """With another key there; the same where nothing stands."""
        parent = self._find(path[:-1])
        if not isinstance(parent, yaml.MappingNode) or self._find(path) is None:
            return self
        key = nodes.key_of(parent, path[-1])
        written = self._spliced(nodes.start(key), nodes.end(key), one_line(name))
        return self._checked(written, _renamed(self.values, path, name))

    def _find(self, path: Path) -> yaml.Node | None:
        found: yaml.Node | None = self._root
        for part in path:
            found = None if found is None else nodes.member(found, part)
        return found

    def _nearest(self, path: Path) -> tuple[yaml.Node | None, int]:
        """The nearest node above a place, and how many parts of the path are missing below it."""
        for missing in range(1, len(path) + 1):
            if (found := self._find(path[: len(path) - missing])) is not None:
                return found, missing
        return None, len(path)

    def _replaced(self, path: Path, found: yaml.Node, value: Value) -> Self:
        self._refuse_shared(found, path)
        expected = _put(self.values, path, value, 1)
        if isinstance(found, yaml.SequenceNode) and nodes.is_block(found) and (listed := _listed(value)):
            return self._checked(self._with_items(found, listed), expected)
        begin, stop, written = nodes.start(found), nodes.end(found), one_line(value)
        if begin == stop:  # `key:` with nothing behind it
            return self._checked(self._at(begin, f" {written}"), expected)
        if nodes.is_block(found):
            return self._checked(self._in_place_of_block(path, found, written), expected)
        if isinstance(found, yaml.ScalarNode) and found.style in ("|", ">"):
            stop = len(self.text[:stop].rstrip())
        return self._checked(self._spliced(begin, stop, written), expected)

    def _in_place_of_block(self, path: Path, found: yaml.Node, written: str) -> str:
        """On the line of its key; comments between that and the block's first line stay."""
        begin, parent = nodes.start(found), self._find(path[:-1])
        if isinstance(parent, yaml.MappingNode):
            sign = self.text.index(":", nodes.end(nodes.key_of(parent, path[-1]))) + 1
        else:
            sign = len(self.text[:begin].rstrip())
        if "\n" not in self.text[sign:begin]:
            return self._spliced(sign, nodes.end(found), f" {written}")
        between = self.text[sign : self._line_start(begin)]
        return self._spliced(sign, self._behind(found), f" {written}{between}")

    def _with_items(self, found: yaml.SequenceNode, items: list[Value]) -> str:
        """Equal items at the beginning and at the end keep their lines, with their comments."""
        old = [nodes.value_of(item) for item in found.value]
        head = 0
        while head < min(len(old), len(items)) and _same(old[head], items[head]):
            head += 1
        tail = 0
        while tail < min(len(old), len(items)) - head and _same(old[-1 - tail], items[-1 - tail]):
            tail += 1
        margin = " " * found.start_mark.column
        lines = "".join(f"{margin}- {one_line(item)}\n" for item in items[head : len(items) - tail])
        if head < len(old) - tail:
            begin, stop = self._line_start(nodes.start(found.value[head])), self._behind(found.value[-1 - tail])
            return self._spliced(begin, stop, lines)
        return (
            self._with_lines(found.value[head - 1], lines)
            if head
            else self._at(self._line_start(nodes.start(found)), lines)
        )

    def _with_key(self, above: yaml.MappingNode, name: str, value: Value) -> str:
        if nodes.is_block(above):
            return self._with_lines(above.value[-1][1], entry(name, value, above.start_mark.column) + "\n")
        written = f"{one_line(name)}: {one_line(value)}"
        if above.value:
            return self._at(nodes.end(above.value[-1][1]), f", {written}")
        return self._spliced(nodes.start(above), nodes.end(above), f"{{{written}}}")

    def _without_key(self, parent: yaml.MappingNode, name: str) -> str:
        number = next(number for number, (key, _) in enumerate(parent.value) if key.value == name)
        key, value = parent.value[number]
        following = parent.value[number + 1][0] if number + 1 < len(parent.value) else None
        if nodes.is_block(parent) and not self.text[self._line_start(nodes.start(key)) : nodes.start(key)].strip():
            return self._spliced(self._line_start(nodes.start(key)), self._behind(value), "")
        if following is not None:  # in a flow mapping, or behind the dash of a list's item
            return self._spliced(nodes.start(key), nodes.start(following), "")
        return self._spliced(nodes.end(parent.value[number - 1][1]), nodes.end(value), "")

    def _appended(self, name: str, value: Value) -> str:
        gap = "" if not self.text or self.text.endswith("\n") else "\n"
        return f"{self.text}{gap}{entry(name, value, 0)}\n"

    def _with_lines(self, last: yaml.Node, lines: str) -> str:
        """Whole lines, below the one on which a node ends."""
        place = self._behind(last)
        gap = "" if self.text[:place].endswith("\n") else "\n"
        return self._at(place, gap + lines)

    def _behind(self, node: yaml.Node) -> int:
        """The beginning of the line below a node."""
        stop = nodes.end(node)
        if stop and self.text[stop - 1] == "\n":  # a block of text ends below its last line
            return stop
        newline = self.text.find("\n", stop)
        return len(self.text) if newline < 0 else newline + 1

    def _line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def _at(self, place: int, written: str) -> str:
        return self._spliced(place, place, written)

    def _spliced(self, begin: int, stop: int, written: str) -> str:
        return self.text[:begin] + written + self.text[stop:]

    def _refuse_shared(self, node: yaml.Node | None, path: Path) -> None:
        if node is not None and id(node) in self._shared:
            raise ConfigError(
                f"{self._named}: {_dotted(path)}: stands below an alias (*); change it in the file itself"
            )

    def _checked(self, written: str, expected: Value) -> Self:
        """What is about to be written says what was meant, and nothing else has changed."""
        try:
            made = type(self)(written, self._named)
        except ConfigError:
            made = None
        if made is None or not _same(made.values, expected):
            raise ConfigError(f"{self._named}: this place cannot be changed by a program; change it in the file itself")
        return made


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _dotted(path: Path) -> str:
    return ".".join(map(str, path)) or "the file"


def _listed(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list | tuple) else []


def _same(one: Value, other: Value) -> bool:
    """Equal, and of the same kinds: 1 is not true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Reference) or isinstance(other, Reference):
        return one == other
    return type(one) is type(other) and (one == other or one != one)  # NaN


def _put(values: Value, path: Path, value: Value, missing: int) -> Value:
    """The plain values with one set; below the last `missing` parts but one, `value` already holds the mappings."""
    path = path[: len(path) - missing + 1]
    if not path:
        return value
    if isinstance(values, list):
        return [_put(item, path[1:], value, 1) if number == path[0] else item for number, item in enumerate(values)]
    below = values if isinstance(values, dict) else {}
    name = str(path[0])
    return {**below, name: _put(below.get(name), path[1:], value, 1)}


def _without(values: Value, path: Path) -> Value:
    if isinstance(values, list):
        return [_without(item, path[1:]) if number == path[0] else item for number, item in enumerate(values)]
    if not isinstance(values, dict):
        return values
    if len(path) == 1:
        return {key: member for key, member in values.items() if key != path[0]}
    return {key: _without(member, path[1:]) if key == path[0] else member for key, member in values.items()}


def _renamed(values: Value, path: Path, name: str) -> Value:
    if isinstance(values, list):
        return [_renamed(item, path[1:], name) if number == path[0] else item for number, item in enumerate(values)]
    if not isinstance(values, dict):
        return values
    if len(path) == 1:
        return {name if key == path[0] else key: member for key, member in values.items()}
    return {key: _renamed(member, path[1:], name) if key == path[0] else member for key, member in values.items()}
