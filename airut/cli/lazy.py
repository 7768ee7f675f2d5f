"""Commands whose modules are imported when they are called: each needs much that the others have no use for, and all of
it together takes a second."""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, override

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

type Command = Any  # click's, which typer carries inside it under a private name


class LazyCommands(MutableMapping[str, Command]):
    """By name, in the order of `places`: `module:function`, or `module:app` of several commands."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._loaded: dict[str, Command] = {}

    @override
    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            self._loaded[name] = _loaded(name, self._places[name])
        return self._loaded[name]

    @override
    def __setitem__(self, name: str, command: Command) -> None:
        self._places.setdefault(name, "")
        self._loaded[name] = command

    @override
    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._loaded.pop(name, None)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    @override
    def __len__(self) -> int:
        return len(self._places)

    @override
    def __contains__(self, name: object) -> bool:
        return name in self._places


def _loaded(name: str, place: str) -> Command:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return get_command(alone)
    group = get_group(found)
    group.name = name
    return group


def group_of(places: Mapping[str, str]) -> type[TyperGroup]:
    """For `typer.Typer(cls=…)`."""

    class Lazy(TyperGroup):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self.commands = LazyCommands(places)

    return Lazy
