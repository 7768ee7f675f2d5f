"""A value that must not be seen: every ordinary way to look at it gives `***`."""

from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

HIDDEN = "***"


class Secret:
    """Holds one real value. `reveal()` is called in adapters and in the rule-set writer only."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The real value."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return format(HIDDEN, specification)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> "tuple[type[Secret], tuple[str]]":
        return Secret, (HIDDEN,)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self  # within the process a copy is the value; only what leaves it is hidden

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda _: HIDDEN),
        )

    @classmethod
    def _validate(cls, value: object) -> "Secret":
        if isinstance(value, Secret):
            return value
        if isinstance(value, str):
            if not value:
                raise ValueError("is empty")
            if any(character in value for character in "\r\n\0"):
                raise ValueError("contains a line break")
            return cls(value)
        raise ValueError("must be text")
