"""The layout of the state folder, and ids that must not lead out of it."""

from pathlib import Path

import pytest

from airut.models.hosts.folders import ThreadFolders

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


def test_threads_are_found_and_set_aside(tmp_path: Path) -> None:
    folders = ThreadFolders(state=tmp_path)
    assert (folders.all(), folders.all_set_aside()) == ((), ())
    for thread in ("web/mail/b", "web/mail/a"):
        folders.of(thread).make()
    (tmp_path / "threads" / "web" / "mail" / "link").symlink_to(tmp_path)
    (tmp_path / "threads" / "web" / "mail" / "file").touch()
    (tmp_path / "threads" / "web" / "mail" / ".odd").mkdir()
    assert folders.all() == ("web/mail/a", "web/mail/b")
    one, two = folders.aside("web/mail/a"), folders.aside("web/mail/a")
    for place in (one, two, folders.aside("web/mail/b")):
        place.mkdir(parents=True)
    assert folders.set_aside("web/mail/a") == tuple(sorted([one, two]))
    assert len(folders.all_set_aside()) == 3


def test_the_output_of_older_tasks(tmp_path: Path) -> None:
    folders = ThreadFolders(state=tmp_path).of("web/mail/a")
    assert folders.older_tasks(2) == ()
    for number in (1, 2, 9, 10):
        folders.task(number, 1).mkdir(parents=True)
    (folders.root / "tasks" / "notes").mkdir()
    assert folders.older_tasks(2) == (folders.root / "tasks" / "1", folders.root / "tasks" / "2")
    assert folders.older_tasks(4) == ()
