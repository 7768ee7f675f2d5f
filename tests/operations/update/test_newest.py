"""Which version is the newest."""

import json
from pathlib import Path

import pytest

from airut.errors import UpdateFailed
from airut.operations.update.newest import is_newer, newest, question, reason, told
from tests.cli.test_update import wheel


def test_questions() -> None:
    assert question("/bin/uv", "/usr/bin/python3") == (
        "/bin/uv", "pip", "compile", "-",
        "--quiet", "--no-deps", "--no-header", "--no-annotate", "--python", "/usr/bin/python3",
    )  # fmt: skip
    assert question(None, "/usr/bin/python3", Path("/wheels")) == (
        "/usr/bin/python3", "-m", "pip", "install",
        "--quiet", "--no-deps", "--dry-run", "--ignore-installed", "--report", "-",
        "--no-index", "--find-links", "/wheels", "airut-temporal",
    )  # fmt: skip


def test_answers() -> None:
    assert told("airut-temporal==1.2.3\n") == "1.2.3"
    assert told(json.dumps({"install": [{"metadata": {"version": "1.2.3"}}]})) == "1.2.3"
    for nothing in ("", "[]", '{"install": []}', "other==1.0\n"):
        with pytest.raises(UpdateFailed, match=r"^it named no version$"):
            told(nothing)


def test_it_is_asked_where_updates_come_from(tmp_path: Path) -> None:
    for version in ("9.1", "10.0", "11.0rc1"):
        wheel(tmp_path / "wheels", version)
    assert newest(tmp_path / "wheels") == "10.0"


def test_where_there_is_none_it_says_why(tmp_path: Path) -> None:
    with pytest.raises(UpdateFailed, match="airut-temporal"):
        newest(tmp_path)


def test_a_cause_is_the_last_line() -> None:
    said = "error: Failed to fetch\n  cause: client error (Connect)\n  cause: Connection refused (os error 111)\n\n"
    assert (reason(said), reason(" ")) == ("Connection refused (os error 111)", "it said nothing")


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("1.10.0", "1.9.3", True),
        ("1.9.3", "1.10.0", False),
        ("1.2", "1.2.0", False),
        ("1.2.0", "1.2.0rc1", True),
        ("1.2.0", "1.2.0.dev4+gabc", True),
        ("1.2.0rc2", "1.2.0", False),
        ("1.2.0", "1.2.0.post1", False),
    ],
)
def test_order(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer
