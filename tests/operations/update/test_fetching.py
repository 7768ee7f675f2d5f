"""How another version is installed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.errors import UpdateFailed
from airut.operations.update.fetching import commands, fetch, place_of

TARGET, INSIDE = Path("/v/1"), "/v/1/bin/python"


def test_commands() -> None:
    assert commands("/bin/uv", "/usr/bin/python3", TARGET, None, None) == (
        ("/bin/uv", "venv", "--quiet", "--python", "/usr/bin/python3", "/v/1"),
        ("/bin/uv", "pip", "install", "--quiet", "--python", INSIDE, "airut-temporal"),
    )
    assert commands(None, "/usr/bin/python3", TARGET, "1.2.3", Path("/wheels")) == (
        ("/usr/bin/python3", "-m", "venv", "/v/1"),
        (INSIDE, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", "/wheels", "airut-temporal==1.2.3"),
    )


def test_two_in_one_second_have_a_place_each(tmp_path: Path) -> None:
    now = datetime(2026, 11, 26, 20, 5, 9, tzinfo=UTC)
    for name in ("20261126-200509", "20261126-200509-2", "20261126-200509-3"):
        assert place_of(tmp_path, now) == tmp_path / name
        (tmp_path / name).mkdir()


def test_nothing_is_left_of_one_that_is_not_there(tmp_path: Path) -> None:
    (wheels := tmp_path / "wheels").mkdir()
    with pytest.raises(UpdateFailed, match=r"^the new version could not be installed: .*airut-temporal"):
        fetch(tmp_path / "versions" / "1", "9.9", wheels)
    assert list((tmp_path / "versions").iterdir()) == []
