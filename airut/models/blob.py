"""Content-addressed references: what is too large for Temporal's history lives in the blob store."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from airut.models.base import Model

INLINE_LIMIT = 8 * 1024
"""Bytes of text that may stand in a history itself: a mail of ordinary length stays readable in the Temporal UI."""


class BlobRef(Model):
    """Names stored bytes by their SHA-256 (lower-case hex) and size in bytes."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


class PassingBlob(Model):
    """A stored blob that is to be dropped when the next one has taken its place. `mark` is the store's own, by which it
    knows that nobody else has come to use the same bytes; None where somebody had stored them before."""

    ref: BlobRef
    mark: int | None = None


class SweptBlobs(Model):
    """What a sweep of the blob store removed."""

    count: int = 0
    bytes: int = 0


class Text(Model):
    """Text that is either here (`inline`) or in the blob store as UTF-8 (`blob`): exactly one of the two."""

    inline: str | None = None
    blob: BlobRef | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.inline is None) == (self.blob is None):
            raise ValueError("a text is either inline or a blob")
        return self


def refs_in(value: object) -> tuple[BlobRef, ...]:
    """Every reference anywhere inside a model, each once."""
    found: dict[BlobRef, None] = {}
    left: list[object] = [value]
    while left:
        match left.pop():
            case BlobRef() as ref:
                found[ref] = None
            case Model() as model:
                left.extend(getattr(model, name) for name in type(model).model_fields)
            case tuple() | list() as many:
                left.extend(many)
            case dict() as named:
                left.extend(named.values())
            case _:
                pass
    return tuple(found)
