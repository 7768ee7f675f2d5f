"""YAML with `!env`, `!var` and `!file`, and the place of every value, so that an error can name it."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from airut.config.editing.document import Document
from airut.config.migrations import HISTORY, History
from airut.config.secret_readers import Places, decoded, read_limited
from airut.errors import ConfigError
from airut.models.credentials.source import EnvironmentSource, FileSource

Place = tuple[int, int]
"""Line and column, counted from 1."""

_MERGE = "tag:yaml.org,2002:merge"

Path_ = tuple[str | int, ...]


class Tagged(str):
    """What `!env` or `!file` gives, for fields that are plain text; secrets are read from its source."""

    __slots__ = ("source",)

    source: EnvironmentSource | FileSource

    @classmethod
    def of(cls, source: EnvironmentSource | FileSource, text: str) -> "Tagged":
        made = cls(text)
        made.source = source
        return made


class Unreadable:
    """A tag whose source gives nothing: no text, so that it is an error wherever it is used."""

    def __init__(self, source: EnvironmentSource | FileSource, problem: str) -> None:
        self.source = source
        self.problem = problem


class Faulty:
    """In place of a value that the file itself has wrong; `TaggedFile.faults` says how."""


class TaggedFile:
    """A YAML file read to plain values; `places` tells where each stands, `faults` what is wrong with the file itself:
    an unknown tag, a name that is not defined.

    Raises (from the constructor):
        ConfigError: not to be read at all.
    """

    def __init__(self, path: Path, places: Places, history: History = HISTORY, written: str | None = None) -> None:
        self._path = path
        self._named = str(path)
        self._sources = places
        self._vars: dict[str, object] = {}
        self.places: dict[Path_, Place] = {}
        self.faults: list[str] = []
        self._keys: dict[Path_, Place] = {}
        self._reading: list[yaml.Node] = []
        """From the root to the node that is being read: one that stands in it twice has no end."""
        try:
            given = path.read_text(encoding="utf-8") if written is None else written
            root = yaml.compose(self._current(given, history), Loader=yaml.SafeLoader)
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: is not UTF-8") from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
            raise ConfigError(f"{where}: {error.problem}") from error
        except yaml.YAMLError as error:  # a character that YAML does not allow
            raise ConfigError(f"{path}: {error}") from error
        if not isinstance(root, yaml.MappingNode):
            raise ConfigError(f"{path}: the file must be a mapping; `airut init` writes one to start from")
        self._read_vars(root)
        self.values = self._mapping(root, ())

    def where(self, path: Path_, *, key: bool = False) -> str:
        """`file:line:column` of the value, or of its key, or of the nearest value above it."""
        if key and path in self._keys:
            line, column = self._keys[path]
            return f"{self._named}:{line}:{column}"
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return f"{self._named}:{line}:{column}"

    def _current(self, written: str, history: History) -> str:
        """The text as this version writes it; what is in the file stays until `airut migrate`."""
        document = Document(written, str(self._path))
        migrated = history.migrated(document)
        if migrated.text != written:
            self._named = f"{self._path} (after `airut migrate`)"  # its lines are not those of the file
        return migrated.text

    def _read_vars(self, root: yaml.MappingNode) -> None:
        for key, value in root.value:
            if key.value == "vars" and isinstance(value, yaml.MappingNode):
                self._vars = self._mapping(value, ("vars",))

    def _value(self, node: yaml.Node, path: Path_) -> object:
        if any(node is above for above in self._reading):
            return self._fault(path, "refers to itself; an alias cannot stand within what it names")
        self._reading.append(node)
        try:
            return self._read(node, path)
        finally:
            self._reading.pop()

    def _fault(self, path: Path_, problem: str) -> Faulty:
        line = f"{self.where(path)}: {'.'.join(map(str, path))}: {problem}"
        if line not in self.faults:  # what stands in vars is read twice
            self.faults.append(line)
        return Faulty()

    def _read(self, node: yaml.Node, path: Path_) -> object:
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if node.tag == "!var" and isinstance(node, yaml.ScalarNode):
            return self._variable(str(node.value), path)
        if node.tag == "!env" and isinstance(node, yaml.ScalarNode):
            return self._tagged(EnvironmentSource(environment=str(node.value)))
        if node.tag == "!file":
            if (source := self._file(node, path)) is None:
                return self._fault(path, "write !file path, or !file {path: …, allow_group: true}")
            return self._tagged(source)
        if node.tag.startswith("!"):
            return self._fault(path, f"unknown tag {node.tag}; known are !env, !var, !file")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, number)) for number, item in enumerate(node.value)]
        constructed: object = yaml.SafeLoader("").construct_object(node)
        return constructed

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, object]:
        result: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged = self._merged(value_node, path) | merged
                continue
            key = str(key_node.value)
            below = (*path, key)
            self.places[below] = self._keys[below] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in result:
                self._fault(below, "stands here twice")
                continue
            result[key] = self._value(value_node, below)
        return merged | result

    def _merged(self, node: yaml.Node, path: Path_) -> dict[str, object]:
        """What `<<` brings: a mapping, or several, of which the first counts (YAML 1.1 type `merge`)."""
        found: dict[str, object] = {}
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self._value(each, path) if isinstance(each, yaml.MappingNode) else None
            if isinstance(value, dict):
                found = value | found
            elif value is None:
                self._fault(path, "<< takes a mapping, or a list of mappings")
        return found

    def _variable(self, name: str, path: Path_) -> object:
        if name not in self._vars:
            inside = path[:1] == ("vars",)
            return self._fault(path, "vars hold no !var" if inside else f"vars.{name} is not defined")
        return self._vars[name]

    def _file(self, node: yaml.Node, path: Path_) -> FileSource | None:
        written = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else {"path": str(node.value)}
        try:
            return FileSource.model_validate(written)
        except ValidationError:
            return None

    def _tagged(self, source: EnvironmentSource | FileSource) -> Tagged | Unreadable:
        try:
            return Tagged.of(source, self._text(source))
        except ValueError as error:
            return Unreadable(source, str(error))

    def _text(self, source: EnvironmentSource | FileSource) -> str:
        """
        Raises:
            ValueError: it cannot be read.
        """
        if isinstance(source, EnvironmentSource):
            return self._sources.reader(source).read()
        return decoded(read_limited(self._sources.path(source), source.path), source.path)
