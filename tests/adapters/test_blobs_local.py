import hashlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.errors import BlobCorrupt, BlobMissing
from airut.models.blob import BlobRef

CONTENT = b"the same bytes\0are the same blob\n"
REF = BlobRef(sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


def stored(root: Path) -> Path:
    return root / REF.sha256[:2] / REF.sha256


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, os.urandom(2 * 1024**2)], ids=["empty", "one", "text", "2MiB"])
async def test_what_is_put_is_got(tmp_path: Path, content: bytes) -> None:
    store = LocalBlobStore(tmp_path / "blobs")
    ref = await store.put(content)
    assert ref == BlobRef(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    assert await LocalBlobStore(tmp_path / "blobs").get(ref) == content


async def test_same_bytes_twice_are_one_file(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    assert await store.put(CONTENT) == await store.put(CONTENT) == REF
    assert files_below(tmp_path) == [stored(tmp_path)]


async def test_files_and_folders_are_private(tmp_path: Path) -> None:
    await LocalBlobStore(tmp_path / "blobs").put(CONTENT)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "blobs").rglob("*")} == {0}


async def test_missing(tmp_path: Path) -> None:
    with pytest.raises(BlobMissing, match=REF.sha256):
        await LocalBlobStore(tmp_path).get(REF)


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], CONTENT + b"x", b"X" + CONTENT[1:]])
async def test_corruption_is_seen_and_mended_by_the_next_put(tmp_path: Path, damage: bytes) -> None:
    store = LocalBlobStore(tmp_path)
    await store.put(CONTENT)
    stored(tmp_path).write_bytes(damage)
    with pytest.raises(BlobCorrupt, match=REF.sha256):
        await store.get(REF)
    await store.put(CONTENT)
    assert await store.get(REF) == CONTENT


async def test_wrong_size_in_the_reference_is_corrupt(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    await store.put(CONTENT)
    with pytest.raises(BlobCorrupt):
        await store.get(BlobRef(sha256=REF.sha256, size=REF.size + 1))


def test_full_disk_stores_nothing(tmp_path: Path) -> None:
    """A real full disk: a small tmpfs in a mount namespace of its own."""
    script = textwrap.dedent("""
        import asyncio, pathlib, sys
        from airut.adapters.blobs_local import LocalBlobStore
        from airut.errors import NoSpace
        root = pathlib.Path(sys.argv[1])
        store = LocalBlobStore(root)
        asyncio.run(store.put(b"fits"))
        try:
            asyncio.run(store.put(b"x" * 131072))
        except NoSpace as error:
            print(error)
        print(len([path for path in root.rglob("*") if path.is_file()]))
    """)
    shell = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", shell, "sh", str(tmp_path), sys.executable, script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"cannot mount a small tmpfs here: {done.stderr.strip()}")
    assert (done.stderr, done.stdout) == ("", f"no space for a blob of 131072 bytes below {tmp_path}\n1\n")


async def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        await LocalBlobStore(tmp_path / "file").put(CONTENT)


def test_killed_while_writing_leaves_no_blob(tmp_path: Path) -> None:
    """The writer dies by signal 9 in the middle of its write; nothing is to be seen under the digest."""
    script = textwrap.dedent("""
        import os, signal, sys, pathlib
        from airut.adapters import blobs_local
        os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
        blobs_local.LocalBlobStore(pathlib.Path(sys.argv[1]))._put(sys.stdin.buffer.read())
    """)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], input=CONTENT, check=False)
    assert done.returncode == -9
    assert not stored(tmp_path).exists()
