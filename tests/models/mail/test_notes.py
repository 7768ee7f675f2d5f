"""Which tasks are acknowledged by mail."""

import pytest

from airut.models.mail.notes import MailNotes


@pytest.mark.parametrize(
    ("acknowledge", "first", "later"), [("first", True, False), ("always", True, True), ("never", False, False)]
)
def test_by_configuration(acknowledge: str, first: bool, later: bool) -> None:
    notes = MailNotes.model_validate({"acknowledge": acknowledge})
    assert (notes.acknowledges(first=True), notes.acknowledges(first=False)) == (first, later)
