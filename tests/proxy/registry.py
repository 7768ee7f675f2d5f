"""A container registry with token authentication (Distribution's specification): one image, for one user."""

import asyncio
import base64
import gzip
import hashlib
import io
import json
import secrets
import tarfile
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
Answer = tuple[int, dict[str, str], bytes]


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass
class Registry:
    """Takes its own tokens only, and gives one to whoever has the password; every token it gave is in `tokens`."""

    host: str
    password: str
    user: str = "robot"
    tokens: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """Each request line, with what was sent in Authorization."""

    def __post_init__(self) -> None:
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("hello"), io.BytesIO())
        layer = gzip.compress(tar.getvalue())
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [digest(tar.getvalue())]},
                "config": {},
                "history": [],
            }
        ).encode()
        described = [(CONFIG, config), (LAYER, layer)]
        entries = [{"mediaType": kind, "digest": digest(data), "size": len(data)} for kind, data in described]
        self.manifest = json.dumps(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": entries[0], "layers": entries[1:]}
        ).encode()
        self.blobs = {digest(data): data for _, data in described}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *lines = head.rstrip("\r\n").split("\r\n")
                fields = {name.lower(): value for name, value in (text.split(": ", 1) for text in lines)}
                method, target, _ = line.split(" ")
                self.seen.append(f"{method} {target} {fields.get('authorization', '')}".strip())
                status, headers, body = self.answer(target, fields.get("authorization", ""))
                described = {"Content-Length": str(len(body)), **headers}
                head = "".join(f"{name}: {value}\r\n" for name, value in described.items())
                writer.write(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{head}\r\n".encode())
                writer.write(b"" if method == "HEAD" else body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def answer(self, target: str, authorization: str) -> Answer:
        """What a request gets."""
        parts = urlsplit(target)
        if parts.path == "/token":
            return self._token(authorization, parse_qs(parts.query))
        if authorization.removeprefix("Bearer ") not in self.tokens:
            realm = f'Bearer realm="https://{self.host}/token",service="{self.host}",scope="repository:acme/tool:pull"'
            return 401, {"Www-Authenticate": realm}, b'{"errors":[{"code":"UNAUTHORIZED"}]}'
        if parts.path == "/v2/":
            return 200, {"Content-Type": "application/json"}, b"{}"
        kind, _, name = parts.path.removeprefix("/v2/acme/tool/").partition("/")
        if kind == "manifests":
            return 200, {"Content-Type": MANIFEST, "Docker-Content-Digest": digest(self.manifest)}, self.manifest
        if kind == "blobs" and name in self.blobs:
            return 200, {"Content-Type": "application/octet-stream"}, self.blobs[name]
        return 404, {}, b""

    def _token(self, authorization: str, _: dict[str, list[str]]) -> Answer:
        expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {}, b'{"errors":[{"code":"UNAUTHORIZED"}]}'
        token = f"registry.{secrets.token_urlsafe(48)}"
        self.tokens.append(token)
        body = json.dumps({"token": token, "access_token": token, "expires_in": 300}).encode()
        return 200, {"Content-Type": "application/json"}, body
