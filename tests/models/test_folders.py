"""The layout of the state folder, and ids that must not lead out of it."""

from pathlib import Path

import pytest

from airut.models.folders import ThreadFolders

FOLDERS = ThreadFolders(state=Path("/state"))


def test_layout() -> None:
    folders = FOLDERS.of("web/mail/abcdefgh23456789")
    assert folders.workspace == Path("/state/threads/web/mail/abcdefgh23456789/workspace")
    assert folders.task(2, 1) == Path("/state/threads/web/mail/abcdefgh23456789/tasks/2/1")


@pytest.mark.parametrize(
    "thread", ["web/mail/..", "../mail/x", "web/mail", "web/mail/x/y", "web//x", "web/mail/.x", ""]
)
def test_an_id_that_could_lead_elsewhere_is_refused(thread: str) -> None:
    with pytest.raises(ValueError, match="not a thread id"):
        FOLDERS.of(thread)
