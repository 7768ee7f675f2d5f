"""References inside of models."""

from airut.models.base import Model
from airut.models.blob import BlobRef, Text, refs_in

A, B, C = (BlobRef(sha256=digit * 64, size=1) for digit in "abc")


class Inner(Model):
    text: Text


class Outer(Model):
    many: tuple[Inner, ...]
    named: dict[str, BlobRef]
    one: BlobRef | None = None
    other: int = 3


def test_every_reference_is_found_once() -> None:
    outer = Outer(
        many=(Inner(text=Text(blob=A)), Inner(text=Text(inline="x")), Inner(text=Text(blob=B))),
        named={"c": C, "again": A},
    )
    assert set(refs_in(outer)) == {A, B, C}
    assert len(refs_in(outer)) == 3
    assert refs_in("nothing") == ()
