"""HTTP/1.1 for the stand-ins (RFC 9112): keep-alive, chunked bodies, streamed answers, TLS by SNI. Not a web server."""

import asyncio
import json
import socket
import sys
import traceback
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import JsonValue

from airut.demo.tcp import Listener, Streams, streams
from airut.demo.tls import Authority

MAX_BODY = 1 << 30  # a test's push fits; a runaway client does not fill the memory
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
GZIP = 16 + zlib.MAX_WBITS


class Dropped(Exception):
    """Raised by an answer to cut the connection as a dying server would: no goodbye."""


@dataclass(frozen=True)
class Request:
    """One request. Header names are lower case; a repeated header is joined with a comma (RFC 9110 §5.3)."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    peer: tuple[str, int] = ("", 0)
    local: tuple[str, int] = ("", 0)
    tls_name: str | None = None
    tls: bool = False

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def query_string(self) -> str:
        return urlsplit(self.target).query

    @property
    def host(self) -> str:
        return self.headers.get("host", "").rsplit(":", 1)[0].lower()

    @property
    def decoded_body(self) -> bytes:
        """The body without its content coding.

        Raises:
            ValueError: it is not what its header says.
        """
        if self.headers.get("content-encoding", "").lower() != "gzip":
            return self.body
        try:
            return zlib.decompress(self.body, GZIP)
        except zlib.error as error:
            raise ValueError(f"body is not gzip: {error}") from error

    def json(self) -> JsonValue:
        """The body as JSON, None when it is empty.

        Raises:
            ValueError: the body is no JSON.
        """
        document: JsonValue = json.loads(self.decoded_body) if self.body else None
        return document


@dataclass(frozen=True)
class Response:
    """One answer; a generator as body is streamed in chunks as it yields."""

    status: int = 200
    body: bytes | AsyncGenerator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Handler = Callable[[Request], Awaitable[Response]]


def json_response(document: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, json.dumps(document).encode(), {"content-type": "application/json", **(headers or {})})


class HttpServer:
    """Serves one handler on one port, with TLS if an authority is given."""

    def __init__(self, handler: Handler, authority: Authority | None = None) -> None:
        self._handler = handler
        self._authority = authority
        self._listener = Listener(self._serve)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        await self._listener.start(host, port)
        return self

    async def close(self) -> None:
        await self._listener.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def url(self) -> str:
        return f"{'https' if self._authority else 'http'}://127.0.0.1:{self.port}"

    async def _serve(self, connection: socket.socket) -> None:
        await serve_http(connection, self._handler, self._authority)


async def serve_http(connection: socket.socket, handler: Handler, authority: Authority | None = None) -> None:
    """Answer the requests of one connection until it ends.

    Raises:
        OSError: the handshake failed or the client went away.
    """
    names: list[str | None] = []
    peer, local = connection.getpeername(), connection.getsockname()
    tls = authority.server_context(local[0], names.append) if authority else None
    async with streams(connection, tls) as both:
        while request := await _read_request(both, peer[:2], local[:2], names[-1] if names else None, tls is not None):
            try:
                if not await _write_response(both[1], request, await _answer(handler, request)):
                    return
            except Dropped:
                both[1].transport.abort()
                return


async def _answer(handler: Handler, request: Request) -> Response:
    try:
        return await handler(request)
    except (Dropped, OSError):
        raise
    except Exception as error:  # a fault of the stand-in itself: seen on stderr and by the client, and it lives on
        traceback.print_exc(file=sys.stderr)
        return json_response({"message": f"stand-in failed: {error!r}"}, 500)


async def _read_request(
    both: Streams, peer: tuple[str, int], local: tuple[str, int], tls_name: str | None, tls: bool
) -> Request | None:
    reader, writer = both
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        writer.write(BAD_REQUEST)
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if headers.get("expect", "").lower() == "100-continue":  # curl, and so git, waits for it before a big body
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        body = await _read_body(reader, headers)
    except ValueError:
        writer.write(BAD_REQUEST)
        return None
    return Request(parts[0], parts[1], headers, body, peer, local, tls_name, tls)


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        chunks: list[bytes] = []
        while size := int((await reader.readline()).split(b";")[0] or b"0", 16):
            if sum(map(len, chunks)) + size > MAX_BODY:
                raise OSError("body too large")
            chunks.append(await reader.readexactly(size))
            await reader.readexactly(2)
        while (await reader.readline()).strip():
            pass  # trailers
        return b"".join(chunks)
    length = int(headers.get("content-length") or 0)
    if length > MAX_BODY:
        raise OSError("body too large")
    return await reader.readexactly(length)


async def _write_response(writer: asyncio.StreamWriter, request: Request, response: Response) -> bool:
    """True when the connection can carry another request."""
    keep = request.headers.get("connection", "").lower() != "close"
    streamed = not isinstance(response.body, bytes)
    headers = {"connection": "keep-alive" if keep else "close", **response.headers}
    if streamed:
        headers["transfer-encoding"] = "chunked"
    elif response.status not in (204, 304):
        headers.setdefault("content-length", str(len(response.body)) if isinstance(response.body, bytes) else "0")
    phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    if isinstance(response.body, bytes):
        if request.method != "HEAD":
            writer.write(response.body)
    else:
        await _write_chunks(writer, response.body)
    await writer.drain()
    return keep


async def _write_chunks(writer: asyncio.StreamWriter, body: AsyncGenerator[bytes]) -> None:
    async with aclosing(body) as chunks:
        async for chunk in chunks:
            if chunk:
                writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                await writer.drain()
    writer.write(b"0\r\n\r\n")
