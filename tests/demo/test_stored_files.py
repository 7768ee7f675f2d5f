"""Hosts made of files."""

from pathlib import Path

import pytest

from airut.demo.http import Request, Response
from airut.demo.stored_files import StoredFiles


@pytest.fixture
def files(tmp_path: Path) -> StoredFiles:
    (tmp_path / "hosts/a.example.com/simple").mkdir(parents=True)
    (tmp_path / "hosts/a.example.com/simple/index.html").write_text("<a>")
    (tmp_path / "hosts/a.example.com/one.json").write_text("{}")
    (tmp_path / "secret").write_text("no")
    return StoredFiles(tmp_path / "hosts")


async def ask(files: StoredFiles, method: str, target: str, body: bytes = b"", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await files.handle(Request(method, target, {"host": "a.example.com", **named}, body))


@pytest.mark.parametrize(
    ("method", "target", "status", "body", "kind"),
    [
        ("GET", "/one.json", 200, b"{}", "application/json"),
        ("POST", "/one.json", 200, b"{}", "application/json"),
        ("GET", "/simple/", 200, b"<a>", "text/html; charset=utf-8"),
        ("HEAD", "/one.json", 200, b"", "application/json"),
        ("GET", "/two.json", 404, b"not found\n", None),
        ("GET", "/../../secret", 400, b"no such name\n", None),
        ("GET", "/%2e%2e/%2e%2e/secret", 400, b"no such name\n", None),
    ],
)
async def test_a_request(
    files: StoredFiles, method: str, target: str, status: int, body: bytes, kind: str | None
) -> None:
    answer = await ask(files, method, target)
    assert (answer.status, answer.body, answer.headers.get("content-type")) == (status, body, kind)


@pytest.mark.parametrize(
    ("body", "headers", "kept"),
    [
        (b"plain", {}, b"plain"),
        (
            b"3;chunk-signature=x\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
            {"content_encoding": "aws-chunked"},
            b"abcde",
        ),
    ],
)
async def test_what_is_put_can_be_got(files: StoredFiles, body: bytes, headers: dict[str, str], kept: bytes) -> None:
    assert (await ask(files, "PUT", "/new/object", body, **headers)).status == 200
    assert (await ask(files, "GET", "/new/object")).body == kept


def test_the_hosts(files: StoredFiles) -> None:
    assert [files.serves(host) for host in ("a.example.com", "b.example.com", "", "..", "a.example.com/simple")] == [
        True, False, False, False, False,
    ]  # fmt: skip
