"""Requests through the real process: allowed, refused, and what the upstream sees of them."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.proxy.documents import credential, entry, rules
from tests.proxy.fence import Fence
from tests.proxy.upstreams import Echo


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    """A body without a known length."""
    yield data


async def test_an_allowed_request_arrives_with_the_real_credential(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    token = credential("TOKEN", hosts=["api.test"], ports=[port])
    await fence.use(rules(entry("api.test", path="/v1/*", methods=["POST"], ports=[port]), credentials=[token]))
    async with fence.client() as client:
        answer = await client.post(
            f"https://api.test:{port}/v1/x?q=1",
            content=b"body",
            headers={"Authorization": f"Bearer {token['surrogate']}", "Proxy-Authorization": "x", "X-Kept": "1"},
        )
    assert (answer.status_code, answer.text) == (200, "ok")
    assert echo.heads[0].startswith(f"POST /v1/x?q=1 HTTP/1.1\r\nHost: api.test:{port}\r\n")
    assert f"Authorization: Bearer {token['value']}\r\n" in echo.heads[0]
    assert "proxy-authorization" not in echo.heads[0].lower()
    assert "x-kept: 1" in echo.heads[0].lower()
    assert echo.bodies == [b"body"]
    (line,) = await fence.logged(1)
    known = {name: line[name] for name in ("decision", "credentials", "bytes_out", "bytes_in", "query_names", "status")}
    assert known == {
        "decision": "allowed",
        "credentials": ["TOKEN"],
        "bytes_out": 4,
        "bytes_in": 2,
        "query_names": ["q"],
        "status": 200,
    }
    assert str(token["value"]) not in fence.log_file.read_text()


async def test_a_credential_without_a_value_is_to_be_asked_for_again(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    token = credential("TOKEN", hosts=["api.test"], ports=[port], value=None)
    await fence.use(rules(entry("api.test", ports=[port]), credentials=[token]))
    url, ours = f"https://api.test:{port}/", {"Authorization": f"Bearer {token['surrogate']}"}
    async with fence.client() as client:
        answer = await client.get(url, headers=ours)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        told = answer.json()
        assert [told[name] for name in ("error", "reason", "detail")] == [*["credential_unavailable"] * 2, "TOKEN"]
        assert echo.heads == []
        assert (await client.get(url)).status_code == 200  # what needs no credential passes
        fence.write_rules(rules(entry("api.test", ports=[port]), credentials=[{**token, "value": "there-again"}]))
        assert (await client.get(url, headers=ours)).status_code == 200
    assert "Bearer there-again" in echo.heads[-1]


@pytest.mark.parametrize(("status", "rejected"), [(401, ["TOKEN"]), (403, ["TOKEN"]), (404, None)])
async def test_a_credential_that_is_refused_passes_and_is_written_down(
    fence: Fence, status: int, rejected: list[str] | None
) -> None:
    port = await fence.upstream("api.test", Echo(answer=b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\nno" % status))
    token = credential("TOKEN", hosts=["api.test"], ports=[port])
    await fence.use(rules(entry("api.test", ports=[port]), credentials=[token]))
    async with fence.client() as client:
        ours = {"Authorization": f"Bearer {token['surrogate']}"}
        assert (await client.get(f"https://api.test:{port}/", headers=ours)).text == "no"
        assert (await client.get(f"https://api.test:{port}/")).status_code == status
    assert [line.get("rejected") for line in await fence.logged(2)] == [rejected, None]


async def test_basic_credentials_as_git_sends_them(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("git.test", echo)
    token = credential("TOKEN", hosts=["git.test"], ports=[port])
    await fence.use(rules(entry("git.test", ports=[port]), credentials=[token]))
    async with fence.client() as client:
        await client.get(f"https://git.test:{port}/", auth=("x-access-token", str(token["surrogate"])))
    real = base64.b64encode(f"x-access-token:{token['value']}".encode()).decode()
    assert f"basic {real}\r\n".lower() in echo.heads[0].lower()


async def test_a_foreign_credential_stays_inside(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    given = [credential("TOKEN", hosts=["api.test"], ports=[port])]
    await fence.use(rules(entry("api.test", ports=[port]), credentials=given))
    async with fence.client() as client:
        answer = await client.get(f"https://api.test:{port}/", headers={"Authorization": "Bearer of-the-attacker"})
        given[0]["foreign"] = "block"
        await fence.use(rules(entry("api.test", ports=[port]), credentials=given))
        blocked = await client.get(f"https://api.test:{port}/", headers={"Authorization": "Bearer of-the-attacker"})
    assert answer.status_code == 200
    assert "authorization" not in echo.heads[0].lower()
    assert blocked.json()["reason"] == "foreign_credential_blocked"
    assert len(echo.heads) == 1


async def test_a_request_for_an_unknown_host_is_told_what_to_change(fence: Fence) -> None:
    await fence.use(rules())
    async with fence.client() as client:
        answer = await client.get("https://example.test/a?b=in-a-query")
    body = answer.json()
    assert answer.status_code == 403
    assert answer.headers["x-airut-blocked"] == "host_not_allowed"
    assert answer.headers["cache-control"] == "no-store"
    assert body["suggestion"] == "url_prefixes:\n  - host: example.test\n    path: /a\n    methods: [GET]"
    assert fence.names.asked == []
    assert "in-a-query" not in fence.log_file.read_text()
    assert (await fence.logged(1))[0]["request_id"] == body["request_id"]


@pytest.mark.parametrize("http2", [False, True])
async def test_each_reason_to_refuse(fence: Fence, http2: bool) -> None:
    await fence.use(rules(entry("api.test", path="/v1/*", methods=["GET"], query={"q": ["*"]})))
    asked: list[tuple[str, str, int, str]] = [
        ("GET", "https://other.test/v1/x", 403, "host_not_allowed"),
        ("GET", "https://api.test/v2/x", 403, "path_not_allowed"),
        ("POST", "https://api.test/v1/x", 403, "method_not_allowed"),
        ("GET", "https://api.test/v1/x?r=1", 403, "query_not_allowed"),
        ("TRACE", "https://api.test/v1/x", 405, "trace_refused"),
        ("GET", "https://api.test/v1/x%2f..%2fy", 400, "request_target_refused"),
        ("GET", "https://api.test/v1/" + "x" * 17_000, 414, "target_too_long"),
    ]
    async with fence.client(http2=http2, http1=not http2) as client:
        for method, url, status, reason in asked:
            answer = await client.request(method, url)
            assert (answer.status_code, answer.json()["reason"]) == (status, reason), url
        head = await client.head("https://other.test/")
        assert (head.status_code, head.content) == (403, b"")
    assert fence.names.asked == []
    lines = await fence.logged(len(asked) + 1)
    assert [line["reason"] for line in lines[:-1]] == [reason for *_, reason in asked]
    assert {line["decision"] for line in lines} == {"blocked"}


async def test_plain_http_needs_an_entry_and_takes_no_credential(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("deb.test", echo, tls=False)
    token = credential("TOKEN", hosts=["deb.test"], ports=[port])
    allowed = entry("deb.test", ports=[port], schemes=["http"])
    await fence.use(rules(entry("other.test", ports=[port]), allowed, credentials=[token]))
    async with fence.client() as client:
        header = {"Authorization": f"Bearer {token['surrogate']}"}
        answer = await client.get(f"http://deb.test:{port}/dists", headers=header)
        refused = await client.get(f"http://other.test:{port}/")
        on_443 = await client.get("https://deb.test/")
    assert (answer.status_code, refused.json()["reason"]) == (200, "scheme_not_allowed")
    assert on_443.json()["reason"] == "scheme_not_allowed"
    assert "authorization" not in echo.heads[0].lower()
    assert (await fence.logged(1))[0]["stripped"] == ["authorization"]


async def test_one_plain_connection_serves_one_host(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("a.test", echo, tls=False)
    fence.names.names["b.test"] = fence.names.names["a.test"]
    await fence.use(rules(entry("*.test", ports=[port], schemes=["http"])))
    request = f"GET / HTTP/1.1\r\nHost: a.test:{port}\r\n\r\n".encode()
    received = await fence.exchange(None, port, request + request.replace(b"a.test", b"b.test"), answers=2)
    assert received.count(b"HTTP/1.1 200 OK") == 1
    assert b"421 Misdirected Request" in received
    assert len(echo.heads) == 1


async def test_http2_both_ways(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    await fence.use(rules(entry("api.test", ports=[port])))
    async with fence.client(http2=True, http1=False) as client:
        answers = await asyncio.gather(
            *(client.post(f"https://api.test:{port}/{n}", content=chunks(b"x" * n)) for n in range(1, 4))
        )
    assert [answer.http_version for answer in answers] == ["HTTP/2"] * 3
    assert sorted(echo.bodies) == [b"x", b"xx", b"xxx"]


async def test_connections_are_reused(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("reused.test", echo)
    await fence.use(rules(entry("reused.test", ports=[port])))
    async with fence.client() as client:
        for number in range(3):
            assert (await client.get(f"https://reused.test:{port}/")).status_code == 200
            if number == 0:
                asked = list(fence.names.asked)  # A and AAAA, and again what was answered late
    assert (echo.connections, len(echo.heads)) == (1, 3)
    assert (set(asked), fence.names.asked) == ({"reused.test"}, asked)


async def test_redirects_are_the_clients_to_follow(fence: Fence) -> None:
    echo = Echo(answer=b"HTTP/1.1 302 Found\r\nLocation: https://blocked.test/x\r\nContent-Length: 0\r\n\r\n")
    port = await fence.upstream("api.test", echo)
    await fence.use(rules(entry("api.test", ports=[port])))
    async with fence.client() as client:
        answer = await client.get(f"https://api.test:{port}/")
        followed = await client.get(answer.headers["location"])
    assert followed.json()["reason"] == "host_not_allowed"


async def test_the_policy_changes_under_a_running_proxy(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    token = credential("TOKEN", hosts=["api.test"], ports=[port])
    await fence.use(rules(entry("api.test", ports=[port]), credentials=[token]))
    url, header = f"https://api.test:{port}/", {"Authorization": f"Bearer {token['surrogate']}"}
    async with fence.client() as client:
        await client.get(url, headers=header)
        fence.write_rules(rules(entry("api.test", ports=[port]), credentials=[{**token, "value": "rotated"}]))
        await client.get(url, headers=header)
        fence.write_rules("{ broken")
        broken = await client.get(url, headers=header)
    assert ["bearer rotated" in head.lower() for head in echo.heads] == [False, True]
    assert broken.json()["reason"] == "internal_error"


async def test_an_upload_over_the_limit_is_refused_by_its_length(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    await fence.use(rules(entry("api.test", ports=[port])))
    head = f"POST / HTTP/1.1\r\nHost: api.test:{port}\r\nContent-Length: {3 * 1024**3}\r\n\r\n"
    assert b"413" in await fence.exchange("api.test", port, head.encode())
    assert echo.heads == []


async def test_expect_is_answered_before_the_body(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    await fence.use(rules(entry("api.test", ports=[port])))
    reader, writer = await fence.connect("api.test", port)
    head = "POST / HTTP/1.1\r\nHost: {}:" + str(port) + "\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    writer.write(head.format("api.test").encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b"body")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()
    refused = await fence.exchange("other.test", port, head.format("other.test").encode())
    assert refused.startswith(b"HTTP/1.1 403")
    assert echo.bodies == [b"body"]


async def test_too_many_connections(fence: Fence) -> None:
    await fence.use(rules())
    opened = [await asyncio.open_connection("127.77.0.2", fence.http) for _ in range(256)]
    reader, writer = await asyncio.open_connection("127.77.0.2", fence.http)
    assert await asyncio.wait_for(reader.read(), 60) == b""
    for _, each in [*opened, (reader, writer)]:
        each.close()
    async with asyncio.timeout(60), fence.client() as client:
        while True:  # until the proxy has seen that they are gone
            with contextlib.suppress(httpx.TransportError):
                assert (await client.get("https://example.test/")).status_code == 403
                break


async def test_tls_versions_and_names(fence: Fence) -> None:
    await fence.use(rules())
    context = fence.trust()
    _, writer = await asyncio.open_connection("127.77.0.2", fence.https, ssl=context, server_hostname="any.test")
    certificate: Any = writer.get_extra_info("peercert")
    assert certificate["subjectAltName"] == (("DNS", "any.test"),)
    writer.close()
    old = fence.trust()
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection("127.77.0.2", fence.https, ssl=old, server_hostname="any.test")


async def test_httpx_sees_no_error_it_could_mistake(fence: Fence) -> None:
    await fence.use(rules())
    async with fence.client(http2=True) as client:
        answers: list[httpx.Response] = [await client.put("https://no.test/", content=b"x" * 100_000) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403] * 3


async def test_query_parameters_of_credentials(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("query.test", echo)
    token = credential("TOKEN", hosts=["query.test"], ports=[port], query=["token"], headers=[])
    await fence.use(rules(entry("query.test", ports=[port]), credentials=[token]))
    async with fence.client() as client:
        await client.get(f"https://query.test:{port}/a?token=surrogate-of-TOKEN&b=1")
        await client.get(f"https://query.test:{port}/a?token=mine&b=1")
    assert [head.split(" ")[1] for head in echo.heads] == ["/a?token=real-value-of-TOKEN&b=1", "/a?b=1"]
    ours, theirs = await fence.logged(2)
    assert (ours["credentials"], theirs["stripped"]) == (["TOKEN"], ["query:token"])
    assert "real-value" not in fence.log_file.read_text()
