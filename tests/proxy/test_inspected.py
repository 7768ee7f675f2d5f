"""Requests whose body decides: read whole by the real proxy, and sent on as judged."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from tests.proxy.documents import entry, rules
from tests.proxy.fence import Fence
from tests.proxy.test_hostile import h2_status
from tests.proxy.upstreams import Echo, Http2Echo

SEARCH = {"type": "web_search_20250305", "name": "web_search"}
GRAPHQL = {"queries": ["viewer"], "mutations": ["addComment"], "subscriptions": []}


@pytest.fixture
async def model(fence: Fence) -> tuple[Echo, int]:
    """The model's endpoint, beside one host that is open."""
    echo = Echo()
    port = await fence.upstream("api.anthropic.com", echo)
    await fence.use(rules(entry("api.anthropic.com", ports=[port]), entry("docs.python.org", origin="domains")))
    return echo, port


async def post(fence: Fence, port: int, content: bytes, path: str = "/v1/messages", **headers: str) -> Any:
    async with fence.client() as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post(f"https://api.anthropic.com:{port}{path}", content=content, headers=named)


async def test_a_body_that_needs_no_change_arrives_byte_for_byte(fence: Fence, model: tuple[Echo, int]) -> None:
    echo, port = model
    text = b'{ "model": "m",  "messages": [{"role":"user","content":"h\\u00e9"}] }'
    assert (await post(fence, port, text)).status_code == 200
    packed = gzip.compress(text)  # once: it holds the time
    assert (await post(fence, port, packed, content_encoding="gzip")).status_code == 200
    assert echo.bodies == [text, packed]
    assert [line["decision"] for line in await fence.logged(2)] == ["allowed", "allowed"]


async def test_a_tool_is_restricted(fence: Fence, model: tuple[Echo, int]) -> None:
    echo, port = model
    text = json.dumps({"tools": [SEARCH]}).encode()
    assert (await post(fence, port, gzip.compress(text), "/v1/messag%65s", content_encoding="gzip")).status_code == 200
    assert json.loads(echo.bodies[0]) == {"tools": [{**SEARCH, "allowed_domains": ["docs.python.org"]}]}
    assert "content-encoding" not in echo.heads[0].lower()
    line = (await fence.logged(1))[0]
    assert (line["tools"], line["bytes_out"]) == (["web_search_20250305 restricted"], len(echo.bodies[0]))


async def test_a_chunked_body_gets_a_length(fence: Fence, model: tuple[Echo, int]) -> None:
    echo, port = model

    async def pieces() -> Any:
        for piece in (b'{"tools":', b"[", json.dumps(SEARCH).encode(), b"]}"):
            yield piece

    async with fence.client() as client:
        answer = await client.post(f"https://api.anthropic.com:{port}/v1/messages", content=pieces())
    assert answer.status_code == 200
    assert "transfer-encoding" not in echo.heads[0].lower()
    assert json.loads(echo.bodies[0])["tools"][0]["allowed_domains"] == ["docs.python.org"]


@pytest.mark.parametrize(
    ("content", "reason", "status"),
    [
        (b'{"mcp_servers":[{"type":"url","url":"https://evil.test/"}]}', "remote_url_not_allowed", 403),
        (b'{"tools":[{"type":"web_search_1","blocked_domains":["a.test"]}]}', "blocklist_not_supported", 403),
        (b'{"tools":[],"tools":[{"type":"web_search_1"}]}', "body_not_inspectable", 403),
        (b"tools=1", "body_not_inspectable", 403),
        (b'"' + b"a" * (32 * 1024**2) + b'"', "body_too_large_to_inspect", 413),
    ],
)
async def test_what_is_refused_never_reaches_the_upstream(
    fence: Fence, model: tuple[Echo, int], content: bytes, reason: str, status: int
) -> None:
    echo, port = model
    answer = await post(fence, port, content)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    line = (await fence.logged(1))[0]
    assert (line["decision"], line["reason"]) == ("blocked", reason)
    assert (echo.heads, echo.connections) == ([], 0)


async def test_a_gateway_for_the_model_is_looked_at_like_the_model(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("gw.test", echo)
    await fence.use(rules(entry("gw.test", ports=[port]), model_hosts=["gw.*"]))
    text = json.dumps({"tools": [SEARCH], "messages": []}).encode()
    async with fence.client() as client:
        answer = await client.post(f"https://gw.test:{port}/claude/v1/messages", content=text)
        foreign = await client.get(f"https://gw.test:{port}/claude/v1/models", headers={"X-Api-Key": "a stranger's"})
    assert (answer.status_code, [json.loads(body) for body in echo.bodies]) == (200, [{"tools": [], "messages": []}])
    assert foreign.json()["reason"] == "foreign_credential_blocked"
    assert len(echo.heads) == 1


async def test_nothing_leaves_before_the_body_is_there(fence: Fence, model: tuple[Echo, int]) -> None:
    echo, port = model
    reader, writer = await fence.connect("api.anthropic.com", port)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: api.anthropic.com:{port}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    writer.write(head.encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b"{")
    await asyncio.sleep(0.2)
    assert echo.connections == 0
    writer.write(b"}")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()
    assert echo.bodies == [b"{}"]


async def test_the_connection_goes_on_after_a_refused_body(fence: Fence, model: tuple[Echo, int]) -> None:
    echo, port = model
    one = f"POST /v1/messages HTTP/1.1\r\nHost: api.anthropic.com:{port}\r\nContent-Length: 1\r\n\r\nx"
    received = await fence.exchange("api.anthropic.com", port, (one + one).encode(), answers=2)
    assert received.count(b"HTTP/1.1 403") == 2
    assert echo.heads == []


async def test_over_http2(fence: Fence) -> None:
    echo = Http2Echo()
    port = await fence.upstream("api.test", echo, alpn=["h2"])
    guarded = entry("api.test", ports=[port], path="/graphql", graphql=GRAPHQL)
    await fence.use(rules(guarded))
    head = [
        (":method", "POST"), (":scheme", "https"), (":path", "/graphql"), (":authority", f"api.test:{port}"),
        ("content-type", "application/json"),
    ]  # fmt: skip
    assert await h2_status(fence, port, head, b'{"query":"{viewer{login}}"}') == 200
    assert await h2_status(fence, port, head, b'{"query":"{user{login}}"}') == 403
    assert len(echo.headers) == 1
    assert dict(echo.headers[0])[b"content-length"] == b"27"


@pytest.fixture
async def graphql(fence: Fence) -> tuple[Echo, int]:
    """A host that is named under `domains`, and an entry with operation rules for one place of it."""
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    whole = entry("api.test", ports=[port], origin="domains")
    await fence.use(rules(whole, entry("api.test", ports=[port], path="/graphql", methods=["POST"], graphql=GRAPHQL)))
    return echo, port


async def ask(
    fence: Fence, port: int, content: bytes, path: str = "/graphql", method: str = "POST", **given: str
) -> Any:
    async with fence.client() as client:
        headers = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in given.items()
        }
        return await client.request(method, f"https://api.test:{port}{path}", content=content, headers=headers)


async def test_operations(fence: Fence, graphql: tuple[Echo, int]) -> None:
    echo, port = graphql
    for content in (
        b'{"query":"{viewer{login}}"}',
        b'{"query":"mutation($a:ID!){addComment(id:$a){id}}","variables":{"a":1}}',
    ):
        assert (await ask(fence, port, content)).status_code == 200
    packed = gzip.compress(b'{"query":"{viewer{login}}"}')
    assert (await ask(fence, port, packed, content_encoding="gzip")).status_code == 200
    assert (await ask(fence, port, b"anything", "/other")).status_code == 200
    assert len(echo.heads) == 4
    lines = await fence.logged(4)
    assert [line.get("graphql") for line in lines] == ["query viewer", "mutation addComment", "query viewer", None]


@pytest.mark.parametrize(
    ("content", "path", "given"),
    [
        (b'{"query":"mutation{deleteAll}"}', "/graphql", {}),
        (b'{"query":"mutation{deleteAll}"}', "//graphql", {}),
        (b'{"query":"mutation{deleteAll}"}', "/graphql/", {}),
        (b'{"query":"mutation{deleteAll}"}', "/graphql;x", {}),
        (b'{"query":"mutation{deleteAll}"}', "/GraphQL", {}),
        (b'{"query":"mutation{deleteAll}"}', "/%67raphql", {}),
        (b'{"query":"mutation{deleteAll}"}', "/%2Fgraphql", {}),
        (b'[{"query":"{viewer}"}]', "/graphql", {}),
        (b'{"query":"{viewer}","query":"{user}"}', "/graphql", {}),
        (b'{"query":"{viewer}"}', "/graphql?query={user}", {}),
        (b'{"query":"{viewer}"}', "/graphql", {"method": "GET"}),
        (b'{"query":"{viewer}"}', "/graphql", {"method": "PUT"}),
        (b'{"query":"{viewer}"}', "/graphql", {"Content_Type": "application/x-www-form-urlencoded"}),
        (b'{"query":"{viewer}"}', "/graphql", {"Content_Type": "application/json; charset=utf-16"}),
        (b'{"query":"{viewer}"}', "/graphql", {"Content_Type": "multipart/form-data; boundary=x"}),
        (b'{"query":"{viewer}"}', "/graphql", {"Content_Encoding": "compress"}),
        (b'{"query":"{viewer}"}', "/graphql", {"Content_Encoding": "gzip"}),
        (b"\xef\xbb\xbf" + b'{"query":"{viewer}"}', "/graphql", {}),
        (b'{"query":"{viewer}","variables":"' + b"a" * 1024**2 + b'"}', "/graphql", {}),
        (gzip.compress(b'{"query":"{viewer}","variables":"' + b"a" * 1024**2 + b'"}'), "/graphql", {"Content_Encoding": "gzip"}),
        (b"", "/graphql", {}),
    ],
)  # fmt: skip
async def test_a_whole_host_does_not_switch_the_rule_off(
    fence: Fence, graphql: tuple[Echo, int], content: bytes, path: str, given: dict[str, str]
) -> None:
    echo, port = graphql
    answer = await ask(fence, port, content, path, **given)
    assert (answer.status_code, answer.json()["reason"]) == (403, "graphql_operation_blocked")
    assert echo.heads == []
