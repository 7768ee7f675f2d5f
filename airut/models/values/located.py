"""YAML with positions: values come with their line and column, and every problem is collected (network.md §4.3)."""

import difflib
from collections.abc import Iterator, Sequence

import yaml

from airut.models.base import Model

MAX_PROBLEMS = 50
MAX_BYTES = 256 * 1024
MAX_DEPTH = 100


class Problem(Model):
    """One thing that is wrong, where, and what to do about it."""

    file: str
    line: int
    column: int
    path: str
    problem: str
    remedy: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " + (f"{self.path}: " if self.path else "")
        return place + self.problem + (f" ({self.remedy})" if self.remedy else "")


class PolicyErrors(ValueError):
    """All that is wrong with a file, in its order; at most fifty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems[:MAX_PROBLEMS])
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects what is wrong with one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[Problem] = []
        self.notes: list[Problem] = []

    def add(self, node: yaml.Node | None, path: str, problem: str, remedy: str | None = None) -> None:
        """Notes a problem at a node; at the top of the file without one."""
        self._found.append(self._placed(node, path, problem, remedy))

    def note(self, node: yaml.Node, path: str, text: str) -> None:
        """Notes how something was read that could have been meant in another way."""
        self.notes.append(self._placed(node, path, text, None))

    def _placed(self, node: yaml.Node | None, path: str, problem: str, remedy: str | None) -> Problem:
        line, column = (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)
        return Problem(file=self.file, line=line, column=column, path=path, problem=problem, remedy=remedy)

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_any(self) -> None:
        """Raises: PolicyErrors: there was a problem."""
        if self._found:
            raise PolicyErrors(sorted(self._found, key=lambda p: (p.line, p.column)))


def compose(text: str, problems: Problems) -> yaml.Node | None:
    """The one document of a file as nodes; none when it is empty or no YAML."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        problems.add(None, "", "the file is over 256 KiB")
        return None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = yaml.ScalarNode("", "", mark, mark) if mark else None
        problems.add(at, "", f"not YAML: {error.problem or error.context}")
        return None
    except (yaml.YAMLError, RecursionError):
        problems.add(None, "", "not YAML, or nested too deeply")
        return None
    if node is not None and _too_deep(node):
        problems.add(node, "", f"nested over {MAX_DEPTH} levels")
        return None
    return None if node is not None and _is_null(node) else node


def _too_deep(root: yaml.Node) -> bool:
    """Whether nesting, anchors included, passes the limit; each node is looked at once, so aliases cost nothing."""
    seen = {id(root)}
    level: list[yaml.Node] = [root]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node) if id(child) not in seen]
        seen.update(id(child) for child in level)
        if not level:
            return False
    return True


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


class Reader:
    """Reads typed values out of nodes; what is wrong is noted, and an empty value returned in its place."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def mapping(self, node: yaml.Node, path: str, known: Sequence[str]) -> dict[str, yaml.Node]:
        """The members of a mapping whose keys are all known and each there once; those that are null are left out."""
        if not isinstance(node, yaml.MappingNode):
            self.problems.add(node, path, "must be a mapping")
            return {}
        members: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            at = f"{path}.{name}" if path else name
            if known and name not in known:
                close = difflib.get_close_matches(name, known, 1)
                self.problems.add(key, at, "unknown key", f'did you mean "{close[0]}"?' if close else None)
            elif name in members:
                self.problems.add(key, at, "this key is there twice", "keep one")
            else:
                members[name] = value
        return {name: value for name, value in members.items() if not _is_null(value)}

    def items(self, node: yaml.Node | None, path: str) -> list[tuple[yaml.Node, str]]:
        """The items of a list, each with its path."""
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.problems.add(node, path, "must be a list", f"write [{node.value}]" if _is_text(node) else None)
            return []
        return [(item, f"{path}[{index}]") for index, item in enumerate(node.value)]

    def text(self, node: yaml.Node, path: str) -> str | None:
        """A string."""
        if _is_text(node):
            return str(node.value)
        self.problems.add(node, path, "must be text", "put it in quotes" if isinstance(node, yaml.ScalarNode) else None)
        return None

    def texts(self, node: yaml.Node | None, path: str) -> list[tuple[str, yaml.Node, str]]:
        """A list of strings, each with its node and path."""
        found = [(self.text(item, at), item, at) for item, at in self.items(node, path)]
        return [(text, item, at) for text, item, at in found if text is not None]

    def number(self, node: yaml.Node, path: str) -> int | None:
        """A whole number."""
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:int" and node.value.isdigit():
            return int(node.value)
        self.problems.add(node, path, "must be a whole number")
        return None


def _is_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str"
