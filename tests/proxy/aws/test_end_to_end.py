"""AWS requests through the real proxy: what S3 would receive is signed with the real key."""

import hashlib
import json
from collections.abc import AsyncIterator

import pytest

from proxy.aws import canonical, keys, signature
from tests.proxy.aws.signers import (
    KEY_ID,
    REAL_KEY_ID,
    REAL_TOKEN,
    SECRET,
    TOKEN,
    judged_by_botocore,
    outgoing,
    signed_by_awscrt,
    signed_by_botocore,
)
from tests.proxy.aws.test_chunks import payload
from tests.proxy.documents import aws, entry, rules
from tests.proxy.fence import Fence
from tests.proxy.upstreams import Echo

HOST = "bucket.s3.eu-north-1.amazonaws.com"


@pytest.fixture
async def s3(fence: Fence) -> tuple[Fence, Echo, str]:
    echo = Echo()
    port = await fence.upstream(HOST, echo)
    await fence.use(rules(entry(HOST, ports=[port]), aws=[aws(ports=[port])]))
    return fence, echo, f"https://{HOST}:{port}"


def as_received(echo: Echo) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    line, *lines = echo.heads[-1].rstrip("\r\n").split("\r\n")
    fields = tuple(tuple(part.encode() for part in text.split(": ", 1)) for text in lines)
    return line.split(" ")[1].encode(), fields  # type: ignore[return-value]


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
async def test_an_upload(s3: tuple[Fence, Echo, str], http2: bool) -> None:
    fence, echo, url = s3
    request = signed_by_botocore("s3 header", "s3", "PUT", f"{url}/a%20b?x=1", body=b"content")
    async with fence.client(http2=http2) as client:
        answer = await client.request("PUT", f"{url}/a%20b?x=1", headers=dict(request.fields[1:]), content=b"content")
    assert answer.status_code == 200
    target, fields = as_received(echo)
    found = signature.read(fields, b"")
    assert found is not None
    assert found.key_id == REAL_KEY_ID
    signed = tuple((name, value) for name, value in fields if name.lower().decode() in (*found.signed, "authorization"))
    assert found.value == judged_by_botocore("s3 header", "s3", request, target, signed, b"content")
    assert echo.bodies == [b"content"]
    (line,) = await fence.logged(1)
    assert (line["credentials"], line["decision"]) == (["AWS"], "allowed")
    assert abs(line["aws"].pop("skew")) < 120
    assert line["aws"] == {"service": "s3", "region": "eu-north-1", "mode": "sigv4 header"}
    log = fence.log_file.read_text()
    assert "real/secret" not in log
    assert REAL_KEY_ID not in log


async def test_a_presigned_download(s3: tuple[Fence, Echo, str]) -> None:
    fence, echo, url = s3
    request = signed_by_botocore("s3 query", "s3", "GET", f"{url}/k")
    async with fence.client() as client:
        answer = await client.get(f"https://{url.removeprefix('https://').split('/')[0]}{request.target.decode()}")
    assert answer.status_code == 200
    target, fields = as_received(echo)
    found = signature.read((), target.partition(b"?")[2])
    assert found is not None
    assert (found.key_id, KEY_ID.encode() in target) == (REAL_KEY_ID, False)
    assert found.value == judged_by_botocore("s3 query", "s3", request, target, fields[:0], b"")


CALLS = {
    "dynamodb": (b'{"TableName": "t"}', {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "D.GetItem"}),
    "sqs": (b"Action=SendMessage&MessageBody=a%20b", {"Content-Type": "application/x-www-form-urlencoded"}),
    "sts": (b"Action=GetCallerIdentity&Version=2011-06-15", {"Content-Type": "application/x-www-form-urlencoded"}),
}


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize("token", [False, True], ids=["", "token"])
@pytest.mark.parametrize("service", CALLS)
async def test_a_call_whose_hash_is_not_in_its_head(fence: Fence, service: str, token: bool, http2: bool) -> None:
    host, (body, headers) = f"{service}.eu-north-1.amazonaws.com", CALLS[service]
    echo, pair = Echo(), {"surrogate": TOKEN, "value": REAL_TOKEN} if token else None
    port = await fence.upstream(host, echo)
    await fence.use(rules(entry(host, ports=[port]), aws=[aws(ports=[port], session_token=pair)]))
    url = f"https://{host}:{port}/"
    request = signed_by_botocore("header", service, "POST", url, body=body, headers=headers, token=token)
    async with fence.client(http2=http2) as client:
        answer = await client.post(url, headers=dict(request.fields[1:]), content=body)
        altered = await client.post(url, headers=dict(request.fields[1:]), content=body[:-1] + b"~")
    assert (answer.status_code, altered.json()["reason"], echo.bodies) == (200, "aws_resign_failed", [body])
    target, fields = as_received(echo)
    found = signature.read(fields, b"")
    assert found is not None
    assert (found.key_id, (b"X-Amz-Security-Token", REAL_TOKEN.encode()) in fields) == (REAL_KEY_ID, token)
    signed = tuple((name, value) for name, value in fields if name.lower().decode() in (*found.signed, "authorization"))
    assert found.value == judged_by_botocore("header", service, request, target, signed, body)
    lines = await fence.logged(2)
    assert [(line["decision"], line.get("credentials")) for line in lines] == [("allowed", ["AWS"]), ("blocked", None)]


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(1024**2)


async def test_a_body_that_is_too_large_to_be_hashed_here(own_fence: Fence) -> None:
    fence = own_fence  # its connections end in the middle, some after the next test has begun
    echo, host = Echo(), "dynamodb.eu-north-1.amazonaws.com"
    port = await fence.upstream(host, echo)
    await fence.use(rules(entry(host, ports=[port]), aws=[aws(ports=[port])]))
    url = f"https://{host}:{port}/"
    request = signed_by_botocore("header", "dynamodb", "POST", url, body=b"x")
    async with fence.client() as client:
        for body in (b"x" * (32 * 1024**2 + 1), pieces(33)):  # with its length in its head, and without
            answer = await client.post(url, headers=dict(request.fields[1:]), content=body)
            assert (answer.status_code, answer.json()["reason"], echo.heads) == (413, "body_too_large_to_inspect", [])
            assert answer.json()["detail"] == "send X-Amz-Content-Sha256 with the hash of the body, and it is streamed"


async def test_sigv4a(s3: tuple[Fence, Echo, str]) -> None:
    fence, echo, url = s3
    request = signed_by_awscrt("GET", f"{url}/k?a=1", "s3", asymmetric=True, payload=hashlib.sha256(b"").hexdigest())
    async with fence.client() as client:
        answer = await client.get(
            f"{url}/k?a=1", headers=[(n.decode(), v.decode()) for n, v in request.fields if n != b"host"]
        )
    assert answer.status_code == 200
    found = signature.read(as_received(echo)[1], b"")
    assert found is not None
    assert (found.algorithm, found.key_id) == ("AWS4-ECDSA-P256-SHA256", REAL_KEY_ID)


async def chunked(fence: Fence, url: str, body_of: str) -> int:
    """An upload in signed chunks; `body_of` names what is done to it."""
    headers = {"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Encoding": "aws-chunked"}
    request = signed_by_botocore("s3 header", "s3", "PUT", f"{url}/k", headers=headers)
    fields = dict(request.fields)
    fields[b"X-Amz-Content-SHA256"] = b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    found = signature.read(tuple(fields.items()), b"")
    assert found is not None
    signing = keys.key(found, KEY_ID, SECRET)
    text = canonical.request(
        "PUT", b"/k", b"", canonical.headers(tuple(fields.items()), found.signed, request.host), found.signed,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    )  # fmt: skip
    before = signing.sign(keys.string_to_sign(found, text))
    fields[b"Authorization"] = signature.authorization(found, KEY_ID, before)
    body = b""
    for piece in (b"one" * 5_000, b"two", b""):
        tail = payload(piece)
        before = signing.sign(f"AWS4-HMAC-SHA256-PAYLOAD\n{found.timestamp}\n{found.scope}\n{before}\n{tail}".encode())
        body += b"%x;chunk-signature=%s\r\n%s" % (len(piece), before.encode(), piece + b"\r\n" if piece else b"")
    body += b"\r\n"
    if body_of == "altered":
        body = body.replace(b"two", b"twp")
    async with fence.client() as client:
        answer = await client.put(
            f"{url}/k", headers=[(n.decode(), v.decode()) for n, v in fields.items()], content=body
        )
    if answer.status_code != 200:
        assert answer.json()["reason"] == "aws_resign_failed"
    return answer.status_code


async def test_signed_chunks(s3: tuple[Fence, Echo, str]) -> None:
    fence, echo, url = s3
    assert await chunked(fence, url, "whole") == 200
    assert b"one" * 5_000 in echo.bodies[0]
    found = signature.read(as_received(echo)[1], b"")
    assert found is not None
    assert found.key_id == REAL_KEY_ID
    assert await chunked(fence, url, "altered") == 403
    assert len(echo.bodies) == 1


@pytest.mark.parametrize("key_id", ["AKIAOFTHEATTACKERXXX", KEY_ID])
async def test_what_is_not_ours_does_not_leave(s3: tuple[Fence, Echo, str], key_id: str) -> None:
    fence, echo, url = s3
    request = signed_by_botocore("s3 header", "s3", "GET", f"{url}/k", key_id=key_id, secret="of-the-attacker")
    async with fence.client() as client:
        answer = await client.get(f"{url}/k", headers=[(n.decode(), v.decode()) for n, v in request.fields[1:]])
    reason = "foreign_credential_blocked" if key_id != KEY_ID else "aws_resign_failed"
    assert (answer.status_code, answer.json()["reason"], echo.heads) == (403, reason, [])
    assert outgoing("GET", url, []).host.decode() in url
    assert json.dumps(await fence.logged(1))
