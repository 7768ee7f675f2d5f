"""An upstream that repeats the credential shows its surrogate: in every part of a response, through the real proxy."""

import asyncio
import base64
import gzip

import httpx
import pytest
import zstandard

from tests.proxy.documents import credential, entry, rules
from tests.proxy.fence import Fence
from tests.proxy.upstreams import once

REAL, SURROGATE = "ghp_" + "r3aLv4Lu" * 4, "ghp_" + "fAk3v4Lu" * 4
SHORT_REAL, SHORT_SURROGATE = "pass-word1", "airut-0123456789abcdef0123456789"


async def answered(fence: Fence, answer: bytes, **request: object) -> httpx.Response:
    port = await fence.upstream("echo.test", once(answer))
    tokens = [
        credential("TOKEN", surrogate=SURROGATE, value=REAL, hosts=["echo.test"], ports=[port]),
        credential("PASSWORD", surrogate=SHORT_SURROGATE, value=SHORT_REAL, hosts=["echo.test"], ports=[port]),
    ]
    await fence.use(rules(entry("echo.test", ports=[port]), credentials=tokens))
    async with fence.client() as client:
        return await client.request("GET", f"https://echo.test:{port}/", **request)  # type: ignore[arg-type]


def head(*fields: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode()


async def test_headers_reason_and_body(fence: Fence) -> None:
    body = f"token {REAL} or {SHORT_REAL}, {base64.b64encode(f'u:{REAL}'.encode()).decode()}".encode()
    response = await answered(
        fence,
        head(
            f"Location: https://echo.test/?t={REAL}", f"Set-Cookie: t={REAL}", "ETag: x", "Content-Type: text/plain",
            f"Content-Length: {len(body)}", status=f"302 {REAL}",
        ) + body,
    )  # fmt: skip
    assert response.headers["location"] == f"https://echo.test/?t={SURROGATE}"
    assert response.headers["set-cookie"] == f"t={SURROGATE}"
    assert response.extensions["reason_phrase"] == SURROGATE.encode()
    assert "content-length" not in response.headers  # the short one grows
    assert response.text.startswith(f"token {SURROGATE} or {SHORT_SURROGATE}, ")
    assert base64.b64decode(response.text.rsplit(" ", 1)[1])[:-1] == f"u:{SURROGATE}".encode()[:-1]
    (line,) = await fence.logged(1)
    assert line["scrubbed"] == 6
    assert line["bytes_in"] == len(body)


TEXT = f'{{"token": "{REAL}"}}'.encode()


@pytest.mark.parametrize(
    ("coding", "body"), [("gzip", gzip.compress(TEXT)), ("zstd", zstandard.compress(TEXT))], ids=["gzip", "zstd"]
)
async def test_encoded_bodies_are_decoded(fence: Fence, coding: str, body: bytes) -> None:
    fields = ("Content-Type: application/json", f"Content-Encoding: {coding}", f"Content-Length: {len(body)}")
    response = await answered(fence, head(*fields) + body)
    assert response.json() == {"token": SURROGATE}
    assert "content-encoding" not in response.headers


async def test_a_value_cut_between_chunks_of_an_event_stream(fence: Fence) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head("Content-Type: text/event-stream", "Transfer-Encoding: chunked"))
        for piece in (b"data: one\n\n", f"data: {REAL[:9]}".encode(), f"{REAL[9:]}\n\n".encode()):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")
        writer.close()

    port = await fence.upstream("sse.test", serve)
    token = credential("TOKEN", surrogate=SURROGATE, value=REAL, hosts=["sse.test"], ports=[port])
    await fence.use(rules(entry("sse.test", ports=[port]), credentials=[token]))
    async with fence.client() as client, client.stream("GET", f"https://sse.test:{port}/") as response:
        pieces = [piece async for piece in response.aiter_raw()]
    assert pieces[0] == b"data: one\n\n"  # an event is not held back for the next one
    assert b"".join(pieces) == f"data: one\n\ndata: {SURROGATE}\n\n".encode()


async def test_binary_bodies_pass_as_they_are(fence: Fence) -> None:
    body = b"\x00" + REAL.encode()
    response = await answered(fence, head("Content-Type: image/png", f"Content-Length: {len(body)}") + body)
    assert response.content == body
    assert response.headers["content-length"] == str(len(body))


async def test_a_part_of_a_text(fence: Fence) -> None:
    body = REAL.encode()
    fields = ("Content-Type: text/plain", f"Content-Length: {len(body)}", f"Content-Range: bytes 0-{len(body) - 1}/99")
    response = await answered(fence, head(*fields, status="206 Partial Content") + body)
    assert response.text == SURROGATE


async def test_an_unknown_coding_is_not_let_through(fence: Fence) -> None:
    response = await answered(
        fence, head("Content-Type: text/plain", "Content-Encoding: dcb", "Content-Length: 1") + b"x"
    )
    assert response.status_code == 502
    assert response.json()["reason"] == "response_not_inspectable"
    (line,) = await fence.logged(1)
    assert (line["decision"], line["reason"], line["status"]) == ("blocked", "response_not_inspectable", 502)


async def test_a_broken_coding_ends_in_the_middle(fence: Fence) -> None:
    body = gzip.compress(b"x" * 100_000)[:-20]
    fields = ("Content-Type: text/plain", "Content-Encoding: gzip", f"Content-Length: {len(body)}")
    with pytest.raises(httpx.RemoteProtocolError):
        await answered(fence, head(*fields) + body)
    (line,) = await fence.logged(1)
    assert line["error"] == "undecodable response: ends in the middle"


async def test_the_head_of_an_answer_without_a_body(fence: Fence) -> None:
    port = await fence.upstream(
        "head.test", once(head("Content-Type: text/plain", "Content-Encoding: gzip", "Content-Length: 7"))
    )
    token = credential("TOKEN", surrogate=SURROGATE, value=REAL, hosts=["head.test"], ports=[port])
    await fence.use(rules(entry("head.test", ports=[port]), credentials=[token]))
    async with fence.client() as client:
        response = await client.head(f"https://head.test:{port}/")
    assert (response.headers["content-length"], response.headers["content-encoding"]) == ("7", "gzip")


async def test_http_2(fence: Fence) -> None:
    body = gzip.compress(REAL.encode())
    answer = head("Content-Type: text/plain", "Content-Encoding: gzip", f"Content-Length: {len(body)}") + body
    port = await fence.upstream("two.test", once(answer))
    token = credential("TOKEN", surrogate=SURROGATE, value=REAL, hosts=["two.test"], ports=[port])
    await fence.use(rules(entry("two.test", ports=[port]), credentials=[token]))
    async with fence.client(http2=True) as client:
        response = await client.get(f"https://two.test:{port}/")
    assert (response.http_version, response.text) == ("HTTP/2", SURROGATE)


async def test_a_value_of_before_the_rotation_may_come_back_late(fence: Fence) -> None:
    body = REAL.encode()
    port = await fence.upstream(
        "late.test", once(head("Content-Type: text/plain", f"Content-Length: {len(body)}") + body)
    )
    new = {"surrogate": SURROGATE, "hosts": ["late.test"], "ports": [port]}
    answers = []
    for value in (REAL, "ghp_" + "n3wV4Lu3" * 4):
        await fence.use(rules(entry("late.test", ports=[port]), credentials=[credential("TOKEN", value=value, **new)]))
        async with fence.client() as client:
            answers.append((await client.get(f"https://late.test:{port}/")).text)
    assert answers == [SURROGATE, SURROGATE]
