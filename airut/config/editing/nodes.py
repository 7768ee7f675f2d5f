"""A YAML file's nodes with the places at which they stand, so that one can be changed and no other."""

from collections.abc import Iterator

import yaml

from airut.config.editing.values import Reference, Value
from airut.errors import ConfigError

Path = tuple[str | int, ...]
"""Keys and numbers that lead to a value: `("repos", "web", "limits", "time")`."""

Node = yaml.MappingNode | yaml.SequenceNode | yaml.ScalarNode

_KNOWN = "tag:yaml.org,2002:"


def compose(written: str, named: str) -> yaml.MappingNode | None:
    """The root; None where there is nothing but comments.

    Raises:
        ConfigError: not YAML, no mapping, a key that stands twice; with the place.
    """
    try:
        root = yaml.compose(written, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{named}:{mark.line + 1}:{mark.column + 1}" if mark else named
        raise ConfigError(f"{where}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{named}: {str(error).splitlines()[0]}") from None
    if root is None:
        return None
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{named}: the file must be a mapping; `airut init` writes one to start from")
    _refuse_twins(root, named, set())
    return root


def _refuse_twins(node: yaml.Node, named: str, seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    keys: set[str] = set()
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in keys:
                mark = key.start_mark
                raise ConfigError(f"{named}:{mark.line + 1}:{mark.column + 1}: {key.value} stands here twice")
            keys.add(key.value)
            _refuse_twins(value, named, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twins(item, named, seen)


def value_of(node: yaml.Node) -> Value:
    """As a plain value; tags of ours as references."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): value_of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value_of(item) for item in node.value]
    if not node.tag.startswith(_KNOWN):
        return Reference(tag=node.tag, name=str(node.value))
    constructed: Value = yaml.SafeLoader("").construct_object(node)
    if constructed is None or isinstance(constructed, str | int | float | bool):
        return constructed
    return str(node.value)  # a date: no field of ours is one


def member(node: yaml.Node, part: str | int) -> yaml.Node | None:
    """The value below a key or at a number."""
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None


def key_of(node: yaml.MappingNode, name: str | int) -> yaml.ScalarNode:
    """The key itself. Raises: KeyError"""
    for key, _ in node.value:
        if key.value == name:
            found: yaml.ScalarNode = key
            return found
    raise KeyError(name)


def is_block(node: yaml.Node) -> bool:
    """Whether it is a mapping or list that stands on lines of its own."""
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def start(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def end(node: yaml.Node) -> int:
    """Where it ends. A block's mark is behind all comments and blank lines that follow it: its last member tells."""
    if is_block(node) and node.value:
        last = node.value[-1]
        return end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.index)


def shared(root: yaml.Node) -> set[int]:
    """Ids of nodes that stand in several places (`*alias`), with all below them: who changes one changes others."""
    seen: set[int] = set()
    twice: set[int] = set()
    for node in _walk(root, seen, twice):
        seen.add(id(node))
    return twice


def _walk(node: yaml.Node, seen: set[int], twice: set[int]) -> Iterator[yaml.Node]:
    if id(node) in seen:
        _mark(node, twice)
        return
    yield node
    for below in _members(node):
        yield from _walk(below, seen, twice)


def _mark(node: yaml.Node, twice: set[int]) -> None:
    if id(node) not in twice:
        twice.add(id(node))
        for below in _members(node):
            _mark(below, twice)


def _members(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
