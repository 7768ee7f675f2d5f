"""A web server of any name that says back what it was sent, in all the ways in which a secret could come back."""

import asyncio
import base64
import json
import time
import zlib
from collections.abc import AsyncGenerator

from airut.demo.http import Request, Response, json_response
from airut.demo.records import HttpRecord

BODY_KEPT = 1 << 16
CHUNK = 1 << 16
MAX_BYTES = 1 << 33
PLACES = ("header", "body", "sse", "gzip", "base64", "location", "bytewise", "chunked")


class Echo:
    """`/…` the request as JSON · `/sse?events=&interval=` · `/bytes/N` · `/status/N` · `/redirect?to=` ·
    `/slow?seconds=` · `/reflect/PLACE?header=NAME` one request header back in a place of `PLACES`."""

    def __init__(self) -> None:
        self.requests: list[HttpRecord] = []

    def note(self, request: Request) -> HttpRecord:
        """Keeps a request as it arrived."""
        record = HttpRecord(
            at=time.time(), source=request.peer[0], address=request.local[0], port=request.local[1],
            tls=request.tls, tls_name=request.tls_name, method=request.method, target=request.target,
            headers=dict(request.headers), body=request.body[:BODY_KEPT].decode("latin-1"),
        )  # fmt: skip
        self.requests.append(record)
        return record

    async def handle(self, request: Request) -> Response:
        record = self.note(request)
        first, _, rest = request.path.removeprefix("/").partition("/")
        query = request.query
        match first:
            case "sse":
                return _events(int(query.get("events", "3")), float(query.get("interval", "0.05")))
            case "bytes":
                size = min(int(rest), MAX_BYTES)
                return Response(200, _bytes(size), {"content-type": "application/octet-stream"})
            case "status":
                return Response(int(rest))
            case "redirect":
                return Response(302, headers={"location": query.get("to", "/")})
            case "slow":
                await asyncio.sleep(float(query.get("seconds", "1")))
            case "reflect":
                return _reflect(rest, request.headers.get(query.get("header", "authorization"), ""))
            case _:
                pass
        return json_response(record.document())


def _events(count: int, interval: float) -> Response:
    async def stream() -> AsyncGenerator[bytes]:
        for number in range(count):
            if number:
                await asyncio.sleep(interval)
            yield f"event: tick\nid: {number}\ndata: {json.dumps({'number': number, 'at': time.time()})}\n\n".encode()

    return Response(200, stream(), {"content-type": "text/event-stream", "cache-control": "no-cache"})


async def _bytes(size: int) -> AsyncGenerator[bytes]:
    block = bytes(range(256)) * (CHUNK // 256)
    for start in range(0, size, CHUNK):
        yield block[: size - start]


def _reflect(place: str, value: str) -> Response:
    text = {"content-type": "text/plain; charset=utf-8"}
    data = value.encode()
    match place:
        case "header":
            return Response(200, b"see the header", {**text, "x-reflected": value})
        case "sse":
            return Response(200, f"data: {value}\n\n".encode(), {"content-type": "text/event-stream"})
        case "gzip":
            return Response(200, _gzip(data), {**text, "content-encoding": "gzip"})
        case "base64":
            # at each of the three alignments, one a line
            return Response(200, b"\n".join(base64.b64encode(b"x" * pad + data) for pad in range(3)), text)
        case "location":
            return Response(302, b"", {"location": f"https://elsewhere.example.com/?token={value}"})
        case "bytewise":
            return Response(200, _pieces(data, 1, 0.001), text)
        case "chunked":
            return Response(200, _pieces(data, max(1, len(data) // 2), 0.05), text)
        case _:
            return Response(200, data, text)


async def _pieces(data: bytes, size: int, pause: float) -> AsyncGenerator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(pause)  # so that the pieces leave in packets of their own


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
