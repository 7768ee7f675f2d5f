"""YAML with `!env`, `!var` and `!file`, and the place of every value, so that an error can name it."""

import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from airut.errors import ConfigError

Place = tuple[int, int]
"""Line and column, counted from 1."""

Path_ = tuple[str | int, ...]


class TaggedFile:
    """A YAML file read to plain values; `places` tells where each stands.

    Raises (from the constructor):
        ConfigError: not YAML, a duplicate key, an unknown tag, an unset variable, an unreadable file.
    """

    def __init__(self, path: Path, environment: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._environment = os.environ if environment is None else environment
        self._vars: dict[str, object] = {}
        self.places: dict[Path_, Place] = {}
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
            raise ConfigError(f"{where}: {error.problem}") from error
        if not isinstance(root, yaml.MappingNode):
            raise ConfigError(f"{path}: the file must be a mapping; `airut init` writes one to start from")
        self._read_vars(root)
        self.values = self._mapping(root, ())

    def where(self, path: Path_) -> str:
        """`file:line:column` of the value, or of the nearest one above it."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return f"{self._path}:{line}:{column}"

    def _read_vars(self, root: yaml.MappingNode) -> None:
        for key, value in root.value:
            if key.value == "vars" and isinstance(value, yaml.MappingNode):
                self._vars = self._mapping(value, ("vars",))

    def _value(self, node: yaml.Node, path: Path_) -> object:
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if node.tag in {"!env", "!var", "!file"} and isinstance(node, yaml.ScalarNode):
            return self._resolve(node.tag, str(node.value), path)
        if node.tag.startswith("!"):
            raise ConfigError(f"{self.where(path)}: unknown tag {node.tag}; known are !env, !var, !file")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, number)) for number, item in enumerate(node.value)]
        constructed: object = yaml.SafeLoader("").construct_object(node)
        return constructed

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            self.places[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in result:
                raise ConfigError(f"{self.where((*path, key))}: {key} stands here twice")
            result[key] = self._value(value_node, (*path, key))
        return result

    def _resolve(self, tag: str, name: str, path: Path_) -> object:
        dotted = ".".join(map(str, path))
        if tag == "!env":
            if not self._environment.get(name):
                raise ConfigError(f"{self.where(path)}: {dotted}: environment variable {name} is not set")
            return self._environment[name]
        if tag == "!var":
            if name not in self._vars:
                raise ConfigError(f"{self.where(path)}: {dotted}: vars.{name} is not defined")
            return self._vars[name]
        try:
            text = (self._path.parent / Path(name).expanduser()).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{self.where(path)}: {dotted}: {name}: {error.strerror}") from error
        return text.removesuffix("\n").removesuffix("\r")
