"""Keys are made once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airut.adapters.keys import load_or_create_key
from airut.errors import ConfigError


def test_made_once_private_and_the_same_for_all(tmp_path: Path) -> None:
    path = tmp_path / "state" / "surrogate.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_create_key, [path] * 32))
    assert len(keys) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["surrogate.key"]


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"short")
    with pytest.raises(ConfigError, match="must hold 32 bytes"):
        load_or_create_key(tmp_path / "k")
