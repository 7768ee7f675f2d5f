"""What a field's annotation says: its plain type, whether it may be null, and its limits."""

from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

import annotated_types
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from airut.models.values.durations import OrWord


class Plain:
    """`of` are the types that may stand there, without None and without words; `notes` is all that was annotated."""

    def __init__(self, annotation: object, notes: Sequence[object] = ()) -> None:
        self.nullable = False
        self.words: list[str] = []
        self.of: list[Any] = []
        self.notes: list[object] = []
        self._add(annotation, notes)
        self.absent = next((reader.word for reader in self.readers() if isinstance(reader, OrWord)), None)
        """The word that stands for None."""
        if self.absent is not None:
            self.nullable = False
            self.words.append(self.absent)

    def readers(self) -> list[Callable[..., object]]:
        """The functions that read what is written, outermost first."""
        return [note.func for note in self.notes if isinstance(note, BeforeValidator)]

    def limit(self, kind: type[annotated_types.BaseMetadata], attribute: str) -> Any:
        found = [getattr(note, attribute) for note in self.notes if isinstance(note, kind)]
        return found[0] if found else None

    def pattern(self) -> str | None:
        found = [pattern for note in self.notes if (pattern := getattr(note, "pattern", None))]
        return found[0] if found else None

    def _add(self, annotation: object, notes: Sequence[object]) -> None:
        for note in notes:
            self.notes += note.metadata if isinstance(note, FieldInfo) else [note]
        if isinstance(annotation, TypeAliasType):
            self._add(annotation.__value__, ())
        elif get_origin(annotation) is Annotated:
            inner, *more = get_args(annotation)
            self._add(inner, more)
        elif get_origin(annotation) in (Union, UnionType):
            for option in get_args(annotation):
                self._option(option)
        else:
            self.of.append(annotation)

    def _option(self, option: object) -> None:
        if option is NoneType:
            self.nullable = True
        elif get_origin(option) is Literal and all(isinstance(value, str) for value in get_args(option)):
            self.words += get_args(option)
        else:
            self._add(option, ())
