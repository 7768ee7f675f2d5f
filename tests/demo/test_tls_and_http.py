"""Certificates that strict clients accept, and the HTTP server's corners."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from airut.demo.http import Dropped, HttpServer, Request, Response, json_response
from airut.demo.tls import Authority


async def echo(request: Request) -> Response:
    if request.path == "/fail":
        raise RuntimeError("broken stand-in")
    if request.path == "/drop":
        raise Dropped
    if request.path == "/stream":
        return Response(200, numbers())
    return json_response({"method": request.method, "body": request.decoded_body.decode(), "tls": request.tls_name})


async def numbers() -> AsyncGenerator[bytes]:
    for number in range(3):
        yield b"%d" % number


async def test_strict_client_accepts_the_leaf_of_the_name_it_asked_for() -> None:
    authority = Authority.create()
    context = authority.client_context()
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    for name in ("api.anthropic.com", None):  # without SNI, the leaf is for the address dialled
        async with HttpServer(echo, authority) as server, httpx.AsyncClient(verify=context, trust_env=False) as client:
            answer = await client.get(server.url, extensions={"sni_hostname": name} if name else {})
            assert answer.json()["tls"] == name


async def test_another_root_is_not_trusted() -> None:
    distrusting = httpx.AsyncClient(verify=Authority.create().client_context(), trust_env=False)
    async with HttpServer(echo, Authority.create()) as server, distrusting as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(server.url, extensions={"sni_hostname": "a.example.com"})


def test_an_authority_is_kept_in_its_folder(tmp_path: Path) -> None:
    first, again = Authority.at(tmp_path / "ca"), Authority.at(tmp_path / "ca")
    assert first.certificate_pem == again.certificate_pem == (tmp_path / "ca" / "ca.pem").read_bytes()
    assert (tmp_path / "ca" / "ca-key.pem").stat().st_mode & 0o777 == 0o600


async def test_bodies_and_keep_alive() -> None:
    async with HttpServer(echo) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        chunked = await client.post("/", content=numbers())
        packed = await client.post("/", content=gzip.compress(b"packed"), headers={"content-encoding": "gzip"})
        streamed = await client.get("/stream")
        head = await client.head("/")
        broken = await client.get("/fail")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/drop")
    assert [chunked.json()["body"], packed.json()["body"], streamed.text, head.content] == ["012", "packed", "012", b""]
    assert (broken.status_code, "broken stand-in" in broken.text) == (500, True)


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi", b"HTTP/1.1 100 Continue"),
        (b"NONSENSE\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"HTTP/1.1 400 Bad Request"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 400 Bad Request"),
    ],
)
async def test_raw(sent: bytes, received: bytes) -> None:
    async with HttpServer(echo) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        writer.write_eof()
        assert (await reader.read()).startswith(received)
        writer.close()
        await writer.wait_closed()
