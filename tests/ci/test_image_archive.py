"""What a folder with kept images is believed, and by what."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.ci.image_archive import (
    INDEX,
    ArchiveRefused,
    Contents,
    Index,
    check_digest,
    check_key,
    opened,
    read_index,
    regular,
    sealed,
    stale,
)
from airut.ci.image_keys import ImageKeys

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY, OTHER = "k" * 32, "o" * 32
DATA = b"images" * 1000
KEYS = ImageKeys(repository="0123456789abcdef", proxy="fedcba9876543210")
CONTENTS = Contents(
    created=NOW,
    architecture="x86_64",
    keys=KEYS,
    tags=("localhost/airut/base:latest",),
    size=len(DATA),
    sha256="b5b6b63c3c1a0e3a6c7a8b3c57f0e3f0a7c2a5a7b8b62b1b3a4e0a8ffb7c1f3d",
)


@pytest.mark.parametrize(
    ("written_with", "read_with", "refused"),
    [
        (KEY, KEY, ""),
        ("", "", ""),
        (KEY, "", ""),  # who has no key believes what lies there, and is told so
        ("", KEY, "it is not sealed with this key, so that anybody may have written it"),
        (OTHER, KEY, "it is not sealed with this key, so that anybody may have written it"),
    ],
)
def test_who_wrote_it(written_with: str, read_with: str, refused: str) -> None:
    index = sealed(CONTENTS, written_with)
    if not refused:
        assert opened(index, read_with) == CONTENTS
    else:
        with pytest.raises(ArchiveRefused, match=refused):
            opened(index, read_with)


def test_not_a_letter_of_what_is_sealed_may_change() -> None:
    found = Index.model_validate_json(sealed(CONTENTS, KEY))
    changed = found.model_copy(update={"contents": found.contents.replace("2026-11-01", "2026-11-02")})
    with pytest.raises(ArchiveRefused, match="not sealed with this key"):
        opened(changed.model_dump_json().encode(), KEY)


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"[]",
        b"{" * 60_000,
        b'{"contents": "{}"}',
        b'{"contents": "{}", "more": 1}',
        Index(contents=CONTENTS.model_copy(update={"sha256": "../../etc/passwd"}).model_dump_json())
        .model_dump_json()
        .encode(),
        Index(contents=CONTENTS.model_dump_json().replace('"version":1', '"version":2')).model_dump_json().encode(),
    ],
)
def test_what_is_no_index(index: bytes) -> None:
    with pytest.raises(ArchiveRefused, match=f"{INDEX} is none of this version"):
        opened(index, "")


@pytest.mark.parametrize("key", ["", KEY])
def test_a_key_that_is_none_or_long_enough(key: str) -> None:
    assert check_key(key) == key


def test_a_key_that_could_be_guessed() -> None:
    with pytest.raises(ArchiveRefused, match="AIRUT_IMAGE_KEY must have 32 characters or more: `openssl rand -hex 32`"):
        check_key("k" * 31)


@pytest.mark.parametrize(
    ("changed", "later", "most", "why"),
    [
        ({}, timedelta(hours=168), 168 * 3600.0, ""),
        ({}, timedelta(days=9999), None, ""),
        ({}, timedelta(hours=169), 168 * 3600.0, "it is 169 hours old, and may have 168"),
        ({}, timedelta(hours=-1), 168 * 3600.0, "it is -1 hours old, and may have 168"),
        ({"architecture": "aarch64"}, timedelta(), None, "its images are for aarch64, and this is x86_64"),
        ({"keys": KEYS.model_copy(update={"proxy": "0"})}, timedelta(), None, "it holds the images of other sources"),
        (
            {"keys": KEYS.model_copy(update={"repository": "0"})},
            timedelta(),
            None,
            "it holds the images of other sources",
        ),
    ],
)
def test_of_what_use_it_is(changed: dict[str, object], later: timedelta, most: float | None, why: str) -> None:
    assert stale(CONTENTS.model_copy(update=changed), KEYS, "x86_64", NOW + later, most) == why


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (link, "cannot be read as a file: Too many levels of symbolic links"),
        (Path.mkdir, "is not a file"),
        (os.mkfifo, "is not a file"),  # and nobody waits for its other end
        (lambda path: path.write_bytes(b" " * 70_000), "is larger than 65536 bytes"),
    ],
    ids=["link", "folder", "pipe", "large"],
)
def test_an_index_that_is_no_small_file(tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    make(tmp_path / INDEX)
    with pytest.raises(ArchiveRefused, match=said):
        read_index(tmp_path)


def test_no_index(tmp_path: Path) -> None:
    assert read_index(tmp_path) is None
    assert read_index(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (DATA, ""),
        (DATA + b"more", "has another size"),
        (DATA[:-1], "has another size"),
        (DATA[:-1] + b"x", "has another digest"),
    ],
)
def test_the_file_is_the_one_that_the_index_speaks_of(tmp_path: Path, there: bytes, said: str) -> None:
    contents = CONTENTS.model_copy(update={"sha256": hashlib.sha256(DATA).hexdigest()})
    (tmp_path / "file").write_bytes(there)
    with regular(tmp_path / "file") as file:
        if said:
            with pytest.raises(ArchiveRefused, match=said):
                check_digest(file, contents)
        else:
            check_digest(file, contents)
            assert file.read() == DATA  # from its beginning
