"""A value that must not be seen: every ordinary way to look at it gives `***`."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, Self

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from airut.models.credentials.redaction import HIDDEN


class Secret:
    """Holds one real value, or the way to its present one. `reveal()` is called in adapters and in the rule-set writer
    only."""

    __slots__ = ("_current",)

    one_line: ClassVar[bool] = True

    def __init__(self, current: str | Callable[[], str]) -> None:
        self._current = current

    def reveal(self) -> str:
        """The real value, as it is now.

        Raises:
            SecretError: its source cannot be read, and has not been for too long; names field and source.
        """
        return self._current if isinstance(self._current, str) else self._current()

    def begins_with(self, prefix: str) -> bool:
        """Whether it is of the kind that has this prefix. Raises: SecretError"""
        return self.reveal().startswith(prefix)

    @property
    def origin(self) -> Callable[[], str] | None:
        """The way to its present value; None where the value itself was given."""
        return None if isinstance(self._current, str) else self._current

    def fixed(self) -> Self:
        """The present value, which stays as it is. Raises: SecretError"""
        return type(self)(self.reveal())

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return format(HIDDEN, specification)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._current == self._current

    def __hash__(self) -> int:
        return hash(self._current)

    def __reduce__(self) -> "tuple[type[Secret], tuple[str]]":
        return type(self), (HIDDEN,)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self  # within the process a copy is the value; only what leaves it is hidden

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._validate,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda _: HIDDEN),
        )

    @classmethod
    def _validate(cls, value: object, info: ValidationInfo) -> "Secret":
        if isinstance(value, Secret):
            return value
        if info.context is not None:
            sources: SecretSources = info.context
            return cls(sources.opened(value, one_line=cls.one_line))
        if isinstance(value, str):
            return cls(checked(value, one_line=cls.one_line))
        raise ValueError("must be text")


class SecretLines(Secret):
    """A secret of several lines, such as a private key in PEM."""

    __slots__ = ()

    one_line = False


Present = Callable[[Secret], Secret | None]
"""How to look at a secret for one sandbox: its value as it is now, or None where there is none to be had."""


class SecretSources(Protocol):
    """What a configuration's secrets are read from: the context in which it is validated."""

    def opened(self, given: object, *, one_line: bool) -> str | Callable[[], str]:
        """What stands in the file at a secret's place, as a way to its value.

        Raises:
            ValueError: it is no source, or cannot be read; says which.
        """
        ...


def checked(value: str, *, one_line: bool = True) -> str:
    """
    Raises:
        ValueError: no header could carry it; never says what it is.
    """
    if not value:
        raise ValueError("is empty")
    if "\0" in value:
        raise ValueError("contains a NUL character")
    if one_line and any(character in value for character in "\r\n"):
        raise ValueError("contains a line break")
    return value
