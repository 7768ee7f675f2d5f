"""The binary: fetched, checked, and there as a whole or not at all. The registry is one on loopback."""

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from airut.adapters.claude_code.binary import ClaudeBinaries
from airut.errors import BinaryUnavailable


def package(name: str = "package/claude") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 6
        archive.addfile(entry, io.BytesIO(b"binary"))
    return stream.getvalue()


class Registry(ThreadingHTTPServer):
    archive = package()
    integrity: str | None = None

    def answer(self, path: str) -> bytes | None:
        url = f"http://127.0.0.1:{self.server_port}/tarball.tgz"
        digest = base64.b64encode(hashlib.sha512(self.archive).digest()).decode()
        if path == "/tarball.tgz":
            return self.archive
        if path.endswith("/9.9.9"):
            return json.dumps({"dist": {"tarball": url, "integrity": self.integrity or f"sha512-{digest}"}}).encode()
        return None


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Registry)
        body = self.server.answer(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        pass


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(("127.0.0.1", 0), Answer) as registry:
        thread = threading.Thread(target=registry.serve_forever)
        thread.start()
        yield registry
        registry.shutdown()
        thread.join()


@pytest.fixture
def binaries(registry: Registry, tmp_path: Path) -> ClaudeBinaries:
    return ClaudeBinaries(tmp_path, f"http://127.0.0.1:{registry.server_port}")


async def test_fetched_once(registry: Registry, binaries: ClaudeBinaries) -> None:
    path = await binaries.ensure("9.9.9")
    assert path == binaries.path("9.9.9")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"binary", 0o555)
    assert list(path.parent.iterdir()) == [path]
    registry.archive = b"gone"
    assert await binaries.ensure("9.9.9") == path


@pytest.mark.parametrize(
    ("archive", "integrity", "version", "said"),
    [
        (package(), "sha512-AAAA", "9.9.9", "not what the registry says"),
        (package(), "sha1-AAAA", "9.9.9", "not what the registry says"),
        (package("package/else"), None, "9.9.9", "holds no `claude`"),
        (package(), None, "9.9.8", "answered 404"),
        (package(), None, "latest", "is not a version"),
        (package(), None, "../../x", "is not a version"),
    ],
)
async def test_nothing_is_left_of_what_is_wrong(
    registry: Registry, binaries: ClaudeBinaries, archive: bytes, integrity: str | None, version: str, said: str
) -> None:
    registry.archive, registry.integrity = archive, integrity
    with pytest.raises(BinaryUnavailable, match=said):
        await binaries.ensure(version)
    assert not [path for path in binaries.cache.rglob("*") if path.is_file()]


async def test_no_registry(tmp_path: Path) -> None:
    with pytest.raises(BinaryUnavailable, match="--from FILE"):
        await ClaudeBinaries(tmp_path, "http://127.0.0.1:1").ensure("9.9.9")


def test_a_file_that_was_carried_here(tmp_path: Path) -> None:
    file = tmp_path / "claude"
    file.write_bytes(b"carried")
    binaries = ClaudeBinaries(tmp_path / "cache")
    with pytest.raises(BinaryUnavailable, match="has the SHA-256"):
        binaries.install(file, "0" * 64, "9.9.9")
    path = binaries.install(file, hashlib.sha256(b"carried").hexdigest(), "9.9.9")
    assert path.read_bytes() == b"carried"
