"""Takes typed members out of a rule set's JSON: whatever is missing, extra or of another type is an error."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, cast, get_args

from proxy import pointers
from proxy.rules import Foreign, Graphql, IPNetwork, Origin, Scheme


class RulesError(ValueError):
    """The document is not a rule set of this version; its text never contains a value of the document."""


class Members:
    """Takes typed members out of one JSON object; anything missing, extra or of another type is an error."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise RulesError(f"{where}: not an object")
        self._members = cast(dict[str, Any], dict(value))
        self._where = where

    def _take(self, name: str) -> Any:
        if name not in self._members:
            raise RulesError(f"{self._where}.{name}: missing")
        return self._members.pop(name)

    def text(self, name: str) -> str:
        value = self._take(name)
        if not isinstance(value, str):
            raise RulesError(f"{self._where}.{name}: not a string")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def absent_or_text(self, name: str) -> str:
        """Of a member that earlier versions of the product do not write."""
        return self.text(name) if name in self._members else ""

    def has(self, name: str) -> bool:
        """Whether a member that may be null is there and is not; a null is taken."""
        if name not in self._members:
            raise RulesError(f"{self._where}.{name}: missing")
        return self._members[name] is not None or self._take(name) is not None

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise RulesError(f"{self._where}.{name}: not true or false")
        return value

    def number(self, name: str) -> int:
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise RulesError(f"{self._where}.{name}: not a whole number")
        return value

    def items(self, name: str) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list):
            raise RulesError(f"{self._where}.{name}: not a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return _texts(self.items(name), f"{self._where}.{name}")

    def pointers(self, name: str) -> tuple[str, ...]:
        values = self.texts(name)
        if not all(pointers.is_pointer(value) for value in values):
            raise RulesError(f"{self._where}.{name}: not JSON pointers")
        return values

    def schemes(self, name: str) -> tuple[Scheme, ...]:
        values = self.texts(name)
        if any(value not in get_args(Scheme) for value in values):
            raise RulesError(f"{self._where}.{name}: unknown value")
        return cast(tuple[Scheme, ...], values)

    def ports(self, name: str) -> tuple[int, ...]:
        values = self.items(name)
        if any(not isinstance(v, int) or isinstance(v, bool) or not 0 < v < 65_536 or v == 53 for v in values):
            raise RulesError(f"{self._where}.{name}: not ports")
        return tuple(values)

    def networks(self, name: str) -> tuple[IPNetwork, ...]:
        try:
            return tuple(ipaddress.ip_network(text) for text in self.texts(name))
        except ValueError as error:
            raise RulesError(f"{self._where}.{name}: not networks") from error

    def child(self, name: str) -> Members:
        return Members(self._take(name), f"{self._where}.{name}")

    def query(self, name: str) -> Mapping[str, tuple[str, ...]] | None:
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise RulesError(f"{self._where}.{name}: not an object")
        return {key: _texts(patterns, f"{self._where}.{name}") for key, patterns in value.items()}

    def foreign(self, name: str) -> Foreign:
        return cast(Foreign, self._one_of(name, get_args(Foreign)))

    def optional_foreign(self, name: str) -> Foreign | None:
        return self.foreign(name) if self.has(name) else None

    def origin(self, name: str) -> Origin:
        return cast(Origin, self._one_of(name, get_args(Origin)))

    def _one_of(self, name: str, known: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in known:
            raise RulesError(f"{self._where}.{name}: unknown value")
        return value

    def graphql(self, name: str) -> Graphql | None:
        value = self._take(name)
        if value is None:
            return None
        reader = Members(value, f"{self._where}.{name}")
        graphql = Graphql(reader.texts("queries"), reader.texts("mutations"), reader.texts("subscriptions"))
        reader.finish()
        return graphql

    def finish(self) -> None:
        if self._members:
            raise RulesError(f"{self._where}: unknown members {sorted(self._members)}")


def _texts(values: object, where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RulesError(f"{where}: not a list of strings")
    return tuple(cast(list[str], values))
