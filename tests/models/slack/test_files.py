"""Files of posts: what they are called, and which cannot be had."""

from typing import Any

import pytest

from airut.models.slack.files import files_of

URL = "https://files.slack.com/f"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ({"mode": "snippet", "name": "plan", "filetype": "python"}, "plan.py"),
        ({"mode": "snippet", "name": "plan", "filetype": "go"}, "plan.go"),
        ({"mode": "snippet", "name": "plan.txt", "filetype": "python"}, "plan.txt"),
        ({"mode": "snippet", "name": ".env", "filetype": "shell"}, "env.sh"),
        ({"mode": "snippet", "title": "Untitled", "filetype": "text"}, "Untitled.txt"),
        ({"mode": "snippet", "filetype": "sql"}, "snippet.sql"),
        ({"mode": "snippet", "name": "plan", "filetype": "../x"}, "plan"),
        ({"mode": "hosted", "name": "plan", "filetype": "python"}, "plan"),
        ({"mode": "hosted", "mimetype": "image/png"}, "attachment-1.png"),
    ],
)
def test_names(file: dict[str, Any], name: str) -> None:
    found, notes = files_of({"files": [{"id": "F1", "url_private": URL, **file}]}, most=1)
    assert ([each.name for each in found], notes) == ([name], ())


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ({"mode": "tombstone"}, "it was deleted"),
        ({"file_access": "file_not_found"}, "it was deleted"),
        ({"mode": "hidden_by_limit"}, "Slack hides it, since the workspace's storage is full"),
        (
            {"mode": "external", "url_private": "https://drive.test"},
            "it lies with another service; send the file itself",
        ),
        ({"is_external": True, "url_private": URL}, "it lies with another service; send the file itself"),
        ({"file_access": "access_denied", "url_private": URL}, "Slack does not let us read it"),
        ({"mode": "canvas", "url_private": URL}, "it is no file that can be fetched; send its text"),
        ({"mode": "post", "url_private": URL}, "it is no file that can be fetched; send its text"),
        ({"mode": "hosted"}, "it is no file that can be fetched; send its text"),
    ],
)
def test_what_cannot_be_had(file: dict[str, Any], why: str) -> None:
    assert files_of({"files": [{"id": "F1", "name": "a", **file}]}, most=1) == (
        (),
        (f"the file a was left out: {why}",),
    )


def test_a_file_of_which_only_the_id_is_known_is_looked_up_later() -> None:
    (found,), notes = files_of({"files": [{"id": "F1", "file_access": "check_file_info", "url_private": URL}]}, most=1)
    assert (found.id, found.name, found.url, notes) == ("F1", "attachment-1.bin", "", ())
