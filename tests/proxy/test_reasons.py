"""Every reason to refuse, through the real process: status, answer and log line of each (network.md §8)."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from proxy.block import Reason
from tests.proxy.authority import Authority
from tests.proxy.documents import aws, credential, entry, rules
from tests.proxy.fence import UPSTREAM, Fence
from tests.proxy.upstreams import Echo

MEMBERS = {
    "error", "reason", "method", "scheme", "host", "port", "path", "request_id", "detail", "suggestion", "message",
}  # fmt: skip
GRAPHQL = {"queries": ["viewer"], "mutations": [], "subscriptions": []}
MODEL = "https://api.anthropic.com/v1/messages"
SEARCH = {"type": "web_search_20250305", "name": "search"}
UNREADABLE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: compress\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Ask:
    """One request, as it is meant to be refused."""

    method: str
    url: str
    status: int = 403
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    raw: str | None = None
    """What is sent instead, on a connection to the URL's host."""
    suggested: bool = False
    decision: str = "blocked"


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


BOMB = gzip.compress(b'"' + b"a" * 33 * 1024**2 + b'"')

TABLE: dict[Reason, Callable[[dict[str, int]], Ask]] = {
    Reason.HOST_NOT_ALLOWED: lambda _: Ask("GET", "https://other.test/a", suggested=True),
    Reason.PATH_NOT_ALLOWED: lambda _: Ask("GET", "https://api.test/v2", suggested=True),
    Reason.METHOD_NOT_ALLOWED: lambda _: Ask("DELETE", "https://api.test/v1/x", suggested=True),
    Reason.QUERY_NOT_ALLOWED: lambda _: Ask("GET", "https://api.test/v1/x?secret=1", suggested=True),
    Reason.SCHEME_NOT_ALLOWED: lambda _: Ask("GET", "http://api.test/v1/x", suggested=True),
    Reason.PORT_NOT_ALLOWED: lambda ports: Ask("GET", f"https://api.test:{ports['bad.test']}/v1/x", suggested=True),
    Reason.REQUEST_TARGET_REFUSED: lambda _: Ask("GET", "https://api.test/v1/x%2f..%2fy", 400),
    Reason.HOST_MISMATCH: lambda _: Ask("GET", "https://api.test/v1/x", 421, {"Host": "evil.test"}),
    Reason.CONNECT_REFUSED: lambda _: Ask("", "https://api.test/", raw="CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n"),
    Reason.TRACE_REFUSED: lambda _: Ask("TRACE", "https://api.test/v1/x", 405),
    Reason.UPSTREAM_ADDRESS_REFUSED: lambda _: Ask("GET", "https://private.test/"),
    Reason.UPSTREAM_CERTIFICATE_INVALID: lambda ports: Ask("GET", f"https://bad.test:{ports['bad.test']}/", 502),
    Reason.UPSTREAM_UNREACHABLE: lambda _: Ask("GET", "https://nowhere.test/", 502, decision="allowed"),
    Reason.FOREIGN_CREDENTIAL_BLOCKED: lambda _: Ask("GET", "https://held.test/", headers={"Authorization": "Bearer mine"}),
    Reason.AWS_RESIGN_FAILED: lambda _: Ask("GET", "https://s3.amazonaws.com/", headers={"Authorization": "AWS4-HMAC-SHA256 x"}),
    Reason.MINT_BLOCKED: lambda _: Ask("POST", "https://api.anthropic.com/v1/oauth/token", content=b"{}"),
    Reason.CREDENTIAL_UNAVAILABLE: lambda _: Ask("GET", "https://gone.test/", 503, {"Authorization": "Bearer surrogate-of-GONE"}),
    Reason.GRAPHQL_OPERATION_BLOCKED: lambda _: Ask(
        "POST", "https://graph.test/graphql", headers={"Content-Type": "application/json"}, content=b'{"query":"{user}"}'
    ),
    Reason.GRAPHQL_REPO_SCOPE_BLOCKED: lambda _: Ask(
        "POST", "https://github.test/api/graphql", headers={"Content-Type": "application/json"},
        content=as_json({"query": '{repository(owner: "evil", name: "web"){id}}'}),
    ),
    Reason.REMOTE_URL_NOT_ALLOWED: lambda _: Ask("POST", MODEL, content=as_json({"mcp_servers": [{"url": "https://evil.test/"}]})),
    Reason.SERVER_TOOL_NOT_ALLOWED: lambda _: Ask(
        "POST", MODEL, content=as_json({"tools": [SEARCH | {"allowed_domains": ["evil.test"]}], "tool_choice": {"type": "tool", "name": "search"}})
    ),
    Reason.BLOCKLIST_NOT_SUPPORTED: lambda _: Ask("POST", MODEL, content=as_json({"tools": [SEARCH | {"blocked_domains": ["a.test"]}]})),
    Reason.BAD_TOOL_DOMAIN: lambda _: Ask("POST", MODEL, content=as_json({"tools": [SEARCH | {"allowed_domains": ["*.a.test"]}]})),
    Reason.BODY_TOO_LARGE_TO_INSPECT: lambda _: Ask("POST", MODEL, 413, {"Content-Encoding": "gzip"}, BOMB),
    Reason.BODY_NOT_INSPECTABLE: lambda _: Ask("POST", MODEL, content=b"tools=1"),
    Reason.MALFORMED_REQUEST: lambda _: Ask("", "https://api.test/", 400, raw="GET /v1/x HTTP/1.1\r\nHost: api.test\r\nA: b\r\n c\r\n\r\n"),
    Reason.TARGET_TOO_LONG: lambda _: Ask("GET", "https://api.test/v1/" + "x" * 17_000, 414),
    Reason.HEADERS_TOO_LARGE: lambda _: Ask("GET", "https://api.test/v1/x", 431, {f"X-{number}": "" for number in range(201)}),
    Reason.BODY_TOO_LARGE: lambda _: Ask(
        "POST", "https://open.test/", 413, raw=f"POST / HTTP/1.1\r\nHost: open.test\r\nContent-Length: {2 * 1024**3 + 1}\r\n\r\n"
    ),
    Reason.RESPONSE_NOT_INSPECTABLE: lambda ports: Ask("GET", f"https://odd.test:{ports['odd.test']}/", 502),
    Reason.INTERNAL_ERROR: lambda _: Ask("GET", "https://open.test/"),
}  # fmt: skip


@pytest.fixture
async def ports(fence: Fence) -> dict[str, int]:
    """One rule set in which each reason can be met; the ports of those upstreams that there are."""
    ports = {
        "bad.test": await fence.upstream("bad.test", Echo(), context=Authority().server_context("bad.test")),
        "odd.test": await fence.upstream("odd.test", Echo(answer=UNREADABLE)),
    }
    found = ("gone.test", "graph.test", "github.test", "api.anthropic.com")
    fence.names.names |= {"private.test": ["10.0.0.1"], **{host: [UPSTREAM] for host in found}}
    hosts = ("private.test", "nowhere.test", "held.test", "gone.test", "open.test", "github.test")
    document = rules(
        entry("api.test", path="/v1/*", methods=["GET"], query={"q": ["*"]}),
        *(entry(host, ports=[port]) for host, port in ports.items()),
        *(entry(host) for host in (*hosts, "*.amazonaws.com", "api.anthropic.com")),
        entry("graph.test", path="/graphql", graphql=GRAPHQL),
        credentials=[
            credential("HELD", hosts=["held.test"], foreign="block"),
            credential("GONE", hosts=["gone.test"], value=None),
            credential("APP", hosts=["github.test"], kind="github_app"),
        ],
        aws=[aws()],
        repository_scopes=[{"credential": "APP", "hosts": ["github.test"], "repositories": []}],
    )
    await fence.use(document)
    return ports


def test_there_is_a_request_for_each() -> None:
    assert set(TABLE) == set(Reason)


@pytest.mark.parametrize("reason", TABLE)
async def test_what_is_answered_and_logged(fence: Fence, ports: dict[str, int], reason: Reason) -> None:
    asked = TABLE[reason](ports)
    if reason is Reason.INTERNAL_ERROR:
        fence.write_rules("{ broken")
    status, headers, body = await answer(fence, asked)
    (line,) = await fence.logged(1)
    document = json.loads(body)
    assert (status, headers["x-airut-blocked"], document["reason"]) == (asked.status, reason, reason)
    assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-store")
    assert document.keys() == MEMBERS
    assert (document["suggestion"] is not None) is asked.suggested
    assert document["request_id"] == line["request_id"]
    assert (line["reason"], line["decision"], line["status"]) == (reason, asked.decision, asked.status)
    assert "secret=" not in body.decode() + fence.log_file.read_text()


async def answer(fence: Fence, asked: Ask) -> tuple[int, dict[str, str], bytes]:
    if asked.raw is not None:
        received = await fence.exchange(asked.url.split("/")[2], 443, asked.raw.encode())
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        return (
            int(first.split()[1]),
            {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)},
            body,
        )
    async with fence.client() as client:
        got = await client.request(asked.method, asked.url, headers=asked.headers, content=asked.content)
        return got.status_code, dict(got.headers), got.content
