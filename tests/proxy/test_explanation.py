"""What a person is told about a request: by the proxy's own steps, and the same as the real proxy says."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import rule_set
from airut.models.policy.rules import Sandbox
from proxy import explanation, rules_document
from proxy.block import METHODS, Reason
from proxy.explanation import explain
from tests.proxy.corpus.case import DATA, load
from tests.proxy.documents import LOOPBACK, PROXY, aws, credential, entry, rules
from tests.proxy.fence import UPSTREAM, Fence
from tests.proxy.rulesets import of_policy

POLICY = """\
presets: [github, pypi]
domains: [docs.test, api.test, 127.0.0.1]
url_prefixes:
  - host: jobs.test
    path: /v1/jobs/*
    methods: [GET, POST]
    query: {page: "*"}
    comment: the queue's own interface
  - {host: jobs.test, path: /v1/all, query: none}
  - {host: plain.test, schemes: [http]}
  - {host: odd.test, ports: [8443]}
  - {host: api.test, path: /graphql, methods: [POST], graphql: {queries: [viewer], mutations: [addComment]}}
  - {host: own.test, path: /graphql, graphql: {queries: ["*"]}}
"""
MODEL = "https://api.anthropic.com/v1/messages"
VIEWER = '{"query":"{viewer{login}}"}'
TABLE = [
    ("GET", "https://docs.test/a", None, "f:2"),
    ("DELETE", "https://docs.test/", None, "f:2"),
    ("GET", "https://DOCS.test/a?x=1", None, "f:2"),
    ("GET", "https://docs.test:443", None, "f:2"),
    ("GET", "https://10.0.0.1/", None, Reason.HOST_MISMATCH),
    ("GET", "https://docs.test:8443/", None, Reason.PORT_NOT_ALLOWED),
    ("GET", "http://docs.test/", None, Reason.SCHEME_NOT_ALLOWED),
    ("GET", "https://doc.test/", None, Reason.HOST_NOT_ALLOWED),
    ("GET", "https://jobs.test/v1/jobs/7?page=2", None, "f:4"),
    ("GET", "https://jobs.test/v1/jobs/%37", None, "f:4"),
    ("GET", "https://jobs.test/v1/jobs/7?page=2&all=1", None, Reason.QUERY_NOT_ALLOWED),
    ("DELETE", "https://jobs.test/v1/jobs/7", None, Reason.METHOD_NOT_ALLOWED),
    ("GET", "https://jobs.test/v1/job/7", None, Reason.PATH_NOT_ALLOWED),
    ("GET", "https://jobs.test/v1/jobs/../x", None, Reason.REQUEST_TARGET_REFUSED),
    ("GET", "https://jobs.test/v1/jobs/a%2f..%2fb", None, Reason.REQUEST_TARGET_REFUSED),
    ("TRACE", "https://docs.test/", None, Reason.TRACE_REFUSED),
    ("GET", "http://plain.test/x", None, "f:10"),
    ("GET", "https://plain.test/x", None, Reason.SCHEME_NOT_ALLOWED),
    ("POST", "https://api.test/other", "anything", "f:2"),
    ("POST", "https://api.test/graphql", VIEWER, "f:2"),
    ("POST", "https://api.test/graphql", '{"query":"mutation{deleteAll}"}', Reason.GRAPHQL_OPERATION_BLOCKED),
    ("POST", "https://api.test/GraphQL/", '{"query":"mutation{deleteAll}"}', Reason.GRAPHQL_OPERATION_BLOCKED),
    ("GET", "https://api.test/graphql", None, Reason.GRAPHQL_OPERATION_BLOCKED),
    ("POST", "https://own.test/graphql", VIEWER, "f:13"),
    ("POST", "https://own.test/graphql", "no json", Reason.GRAPHQL_OPERATION_BLOCKED),
    ("GET", "https://api.github.com/repos/acme/web/pulls", None, "preset:github"),
    ("POST", "https://api.github.com/repos/acme/web/pulls", "{}", Reason.METHOD_NOT_ALLOWED),
    ("HEAD", "https://pypi.org/simple/x/", None, "preset:pypi"),
    ("POST", MODEL, "{}", "preset:anthropic"),
    ("POST", MODEL, '{"mcp_servers":[{"type":"url","url":"https://evil.test/"}]}', Reason.REMOTE_URL_NOT_ALLOWED),
    ("POST", MODEL, '{"tools":[{"type":"web_search_1","blocked_domains":["a"]}]}', Reason.BLOCKLIST_NOT_SUPPORTED),
    ("POST", MODEL, "tools=1", Reason.BODY_NOT_INSPECTABLE),
    ("POST", "https://api.anthropic.com/v1/files", "{}", Reason.PATH_NOT_ALLOWED),
]  # fmt: skip


NOT_AS_IT_STANDS = ("/../", ":8443", "//10.")
"""A client resolves the first itself; nothing listens for the second; the third has no name for TLS."""


def written() -> dict[str, Any]:
    made = rule_set(
        parse_allowlist(POLICY, "f"),
        granted_presets=("anthropic",),
        repository="acme/web",
        credentials=(),
        sandbox=Sandbox(id="sb", thread="t", task="t/task-1", attempt=1),
        listen=PROXY,
    )
    document: dict[str, Any] = json.loads(made.to_wire())
    return document


def told(method: str, url: str, body: str | None) -> str:
    """The reason, or the entry that admits."""
    found = explain(rules_document.parse(json.dumps(written())), method, url, body.encode() if body else None)
    if found.refused is not None:
        return found.refused.reason
    assert found.entry is not None
    return found.entry.rule


@pytest.mark.parametrize(("method", "url", "body", "expected"), TABLE)
def test_the_decision(method: str, url: str, body: str | None, expected: str) -> None:
    assert told(method, url, body) == expected


async def test_the_real_proxy_says_the_same(fence: Fence) -> None:
    """Nobody listens where the names lead, which tells an allowed request from a blocked one."""
    document = written()
    # Without the entry that names a port, which something else on this machine may have.
    entries = [{**given, "addresses": [LOOPBACK]} for given in document["entries"] if not given["ports"]]
    await fence.use({**document, "entries": entries, "private_ranges": [LOOPBACK]})
    asked = [row for row in TABLE if not any(part in row[1] for part in NOT_AS_IT_STANDS)]
    fence.names.names |= {httpx.URL(url).host: [UPSTREAM] for _, url, *_ in asked}
    said = []
    async with fence.client() as client:
        for number, (method, url, body, _) in enumerate(asked):
            answer = await client.request(method, url, content=body, headers={"Content-Type": "application/json"})
            line = (await fence.logged(number + 1))[-1]
            reason = answer.headers["x-airut-blocked"]
            said.append(line["rule"] if reason == "upstream_unreachable" else reason)
    assert said == [expected for *_, expected in asked]


def test_the_corpus_comes_to_the_same() -> None:
    """Those of its requests that a URL can say."""
    policy = of_policy(DATA.with_name("policy.yaml").read_text())
    told = {}
    for case in load():
        if case.tail or case.fields not in ((), (("Host", case.host),)) or case.authority not in ("", case.host):
            continue
        if not case.target.startswith("/"):
            continue
        found = explain(policy, case.method, f"{'https' if case.tls else 'http'}://{case.host}{case.target}")
        told[case.id] = (found.refused.reason.value if found.refused else "allowed", case.expected)
    assert len(told) > 200
    assert {case: pair for case, pair in told.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize(
    "url", ["ftp://docs.test/", "docs.test/a", "https://", "https://a:b@docs.test/", "https://x y/"]
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError, match=r"not an http or https URL|no host to ask"):
        explain(of_policy(POLICY), "GET", url)


BLOCKED_BY_ENTRY = [row for row in TABLE if row[3] in {
    Reason.HOST_NOT_ALLOWED, Reason.PATH_NOT_ALLOWED, Reason.METHOD_NOT_ALLOWED, Reason.QUERY_NOT_ALLOWED,
    Reason.SCHEME_NOT_ALLOWED, Reason.PORT_NOT_ALLOWED,
}]  # fmt: skip
HARD = [
    ("GET", "http://10.0.0.1/x"),
    ("GET", "http://[2606:4700::1]:8080/x"),
    ("GET", "http://new.test:8080/"),
    ("OPTIONS", "https://new.test/a;b=c//d/%2A%3Fx"),
    ("PURGE", "https://new.test/yes"),
    ("GET", "https://no.test/0x10"),
    ("GET", "https://new.test/" + "abcdefg/" * 400 + "end"),
    ("GET", "https://new.test/caf%C3%A9/@scope%2Fname/[x]/a:b/%22quoted%22%20'x'"),
    ("GET", "https://new.test/-"),
    ("GET", "https://new.test/a%23b?x=1"),
    ("OPTIONS", "https://new.test/*"),
]


@pytest.mark.parametrize(("method", "url"), [row[:2] for row in BLOCKED_BY_ENTRY] + HARD)
def test_what_is_suggested_allows_it(method: str, url: str) -> None:
    """As a file of its own, valid and with one entry."""
    suggestion = explain(of_policy(""), method, url).suggestion
    assert suggestion is not None
    then = explain(of_policy(suggestion), method, url)
    assert then.refused is None or then.refused.reason is Reason.UPSTREAM_ADDRESS_REFUSED, suggestion
    assert then.entry is not None


def test_methods_that_are_suggested_are_those_that_a_file_may_name() -> None:
    from airut.models.policy import allowlist

    assert METHODS == allowlist.METHODS


def test_the_nearest_entries() -> None:
    policy = of_policy(POLICY)

    def near(method: str, url: str) -> list[tuple[str, Reason]]:
        return [(found.entry.rule, found.fails) for found in explain(policy, method, url).nearest]

    assert near("DELETE", "https://jobs.test/v1/jobs/7") == [("f:4", Reason.METHOD_NOT_ALLOWED)]
    assert near("GET", "https://jobs.test/v1") == [("f:4", Reason.PATH_NOT_ALLOWED), ("f:9", Reason.PATH_NOT_ALLOWED)]
    alike = near("GET", "https://plan.test/")
    assert ("f:10", Reason.HOST_NOT_ALLOWED) in alike
    assert {fails for _, fails in alike} == {Reason.HOST_NOT_ALLOWED}
    assert near("GET", "https://nothing.like.it.example/") == []


def test_all_that_is_said_of_one_request() -> None:
    document = rules(
        entry("api.test", rule="f:1", origin="domains", comment="why"),
        entry("api.test", rule="f:2", path="/graphql", graphql={"queries": ["a"], "mutations": [], "subscriptions": []}),
        credentials=[
            credential("A", hosts=["api.test"]), credential("B", hosts=["api.test"], surrogate="b", methods=["GET"]),
            credential("C", hosts=["api.test"], surrogate="c", ports=[8443]),
        ],
        aws=[aws(hosts=["api.test"])],
    )  # fmt: skip
    policy = rules_document.parse(json.dumps(document))
    found = explain(policy, "POST", "https://api.test/a;b/graphql")
    assert (found.readings, found.credentials, found.guards) == (("/a;b/graphql", "/a/graphql"), ("A", "AWS"), ())
    assert found.entry is not None
    assert (found.entry.comment, found.message, found.nearest) == ("why", None, ())
    found = explain(policy, "POST", "https://api.test/graphql")
    assert (found.guards, found.body_is_judged, found.refused) == (("f:2",), True, None)
    found = explain(policy, "POST", "https://api.test/graphql", b'{"query":"{a}"}')
    assert (found.guards, found.body_is_judged, found.refused) == (("f:2",), False, None)


def test_what_is_changed_in_a_body() -> None:
    found = explain(of_policy("", "anthropic"), "POST", MODEL, b'{"tools":[{"type":"web_search_1","name":"s"}]}')
    assert (found.is_model_request, found.changes, found.refused) == (True, ("web_search_1 removed",), None)


def test_no_mitmproxy_is_needed(tmp_path: Path) -> None:
    """import-linter holds the imports; this holds what it may not see."""
    import subprocess
    import sys

    code = "import sys, proxy.explanation; sys.exit(any(name.split('.')[0] == 'mitmproxy' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert explanation.MOST_NEAREST == 5
