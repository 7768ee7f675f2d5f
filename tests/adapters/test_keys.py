"""Keys are made once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airut.adapters.keys import check_fingerprint, fingerprint, load_or_create_key
from airut.errors import ConfigError


def test_made_once_private_and_the_same_for_all(tmp_path: Path) -> None:
    path = tmp_path / "state" / "surrogate.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_create_key, [path] * 32))
    assert len(keys) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["surrogate.key"]


def test_two_hosts_of_one_installation_have_one_key(tmp_path: Path) -> None:
    key, other = (load_or_create_key(tmp_path / name / "surrogate.key") for name in ("first", "second"))
    (tmp_path / "copy").write_bytes(key)
    assert fingerprint(load_or_create_key(tmp_path / "copy")) == fingerprint(key)
    check_fingerprint(fingerprint(key), fingerprint(key), tmp_path / "copy", "/shared/blobs")
    with pytest.raises(ConfigError) as raised:
        check_fingerprint(fingerprint(other), fingerprint(key), tmp_path / "second", "/shared/blobs")
    assert str(raised.value).startswith(
        f"{tmp_path}/second is not this installation's key (surrogate.fingerprint beside /shared/blobs tells): "
    )
    assert key.hex() not in fingerprint(key).decode()


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"short")
    with pytest.raises(ConfigError, match="must hold 32 bytes"):
        load_or_create_key(tmp_path / "k")
