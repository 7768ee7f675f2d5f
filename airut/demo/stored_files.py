"""Hosts made of files: what a registry of packages is to a client, and as much of an object store as a copy needs.

`folder/HOST/PATH` is answered for `https://HOST/PATH`; where that is a folder, its `index.html` or `index.json`. A
`PUT` writes the file, a `POST` to one is answered with it.
"""

import hashlib
from email.utils import formatdate
from pathlib import Path, PurePosixPath

from airut.demo.http import Request, Response

TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json", ".xml": "text/xml", ".sha1": "text/plain"}
INDEXES = ("index.html", "index.json")


class StoredFiles:
    """One folder for each host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serves(self, host: str) -> bool:
        """Whether this host is one of ours."""
        return bool(host) and "/" not in host and host != ".." and (self._folder / host).is_dir()

    async def handle(self, request: Request) -> Response:
        path = self._place(request)
        if path is None:
            return Response(400, b"no such name\n")
        if request.method == "PUT":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_content(request))
        found = next((place for place in (path, *(path / index for index in INDEXES)) if place.is_file()), None)
        if found is None:
            return Response(404, b"not found\n")
        data = found.read_bytes()
        headers = {
            "content-type": TYPES.get(found.suffix, "application/octet-stream"),
            "last-modified": formatdate(found.stat().st_mtime, usegmt=True),
            "etag": f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"',
        }
        if request.method == "PUT":
            return Response(200, b"", headers)
        if request.method == "HEAD":
            return Response(200, b"", {**headers, "content-length": str(len(data))})
        return Response(200, data, headers)

    def _place(self, request: Request) -> Path | None:
        """The file or folder of a request; None for what leads elsewhere."""
        parts = PurePosixPath(request.path).parts[1:]
        return None if ".." in parts or "\0" in request.path else self._folder.joinpath(request.host, *parts)


def _content(request: Request) -> bytes:
    """A body without the framing of its own that AWS's clients give it."""
    if "aws-chunked" not in request.headers.get("content-encoding", ""):
        return request.body
    content, rest = bytearray(), request.body
    while rest:
        head, _, rest = rest.partition(b"\r\n")
        size = int(head.partition(b";")[0] or b"0", 16)
        if not size:
            break  # trailers follow
        content += rest[:size]
        rest = rest[size + 2 :]
    return bytes(content)
