"""Warnings about a valid allowlist, each with its place and what to do."""

import pytest

from airut.models.credentials.aws import SandboxAwsCredential, aws_for_sandbox
from airut.models.credentials.kinds import SandboxCredential
from airut.models.credentials.secret import Secret
from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import rule_set
from airut.models.policy.rules import Sandbox
from airut.models.policy.warnings import unreached_scopes, warnings
from tests.models.policy.test_allowlist import FULL
from tests.models.policy.test_rules import AWS

CREDENTIALS: tuple[SandboxCredential | SandboxAwsCredential, ...] = (
    SandboxCredential(name="TOKEN", surrogate="s", value=Secret("v"), hosts=("api.github.com", "*.corp.example")),
    SandboxCredential(name="ODD", surrogate="s", value=Secret("v"), hosts=("odd.example",), ports=(8443,)),
    aws_for_sandbox("AWS", AWS, key=bytes(32), thread="t", repo="r"),
)
FIRST = "domains decide first and allow everything: take the host out of there, or remove this entry"
READABLE = "leave http out: whoever is on the way can read and change it"


def told(text: str) -> list[str]:
    return [str(problem) for problem in warnings(parse_allowlist(text, "f"), CREDENTIALS)]


def told_without(text: str) -> list[str]:
    """Where no credentials are known."""
    return [str(problem) for problem in warnings(parse_allowlist(text, "f"))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "domains: [a.test]\nurl_prefixes:\n  - {host: a.test, path: /x}\n",
            f"f:3:5: url_prefixes[0]: is never reached: domains[0] in line 1 allows all of it ({FIRST})",
        ),
        (
            "url_prefixes:\n  - {host: a.test, path: /x}\ndomains: [a.test]\n",
            f"f:2:5: url_prefixes[0]: is never reached: domains[0] in line 3 allows all of it ({FIRST})",
        ),
        (
            "domains: ['*.a.test', b.a.test]\n",
            "f:1:23: domains[1]: is never reached: domains[0] in line 1 allows all of it (put it first, or remove it)",
        ),
        (
            "url_prefixes:\n  - {host: a.test, path: '/a/*', methods: [GET, HEAD]}\n"
            "  - {host: a.test, path: /a/%62, methods: [GET], query: none}\n",
            "f:3:5: url_prefixes[1]: is never reached: url_prefixes[0] in line 2 allows all of it (put it first, or remove it)",
        ),
        (
            "url_prefixes:\n  - {host: a.test, query: {a: '*', b: '*'}}\n"
            "  - {host: a.test, query: {a: [x, y]}, graphql: {queries: [a]}}\n",
            "f:3:5: url_prefixes[1]: is never reached: url_prefixes[0] in line 2 allows all of it (put it first, or remove it)",
        ),
        ("domains: ['*']\n", "f:1:11: domains[0]: matches names of every owner (name the hosts)"),
        ("domains: [api.*]\n", "f:1:11: domains[0]: matches names of every owner (name the hosts)"),
        *(
            (
                f"domains: ['{host}']\n",
                f"f:1:11: domains[0]: matches names of many owners: anybody can have one below {below} (name the hosts)",
            )
            for host, below in (
                ("*.com", "com"),
                ("*.co.uk", "co.uk"),
                ("*.github.io", "github.io"),
                ("*google.com", "com"),
                ("api.*.com", "com"),
                ("x?.github.io", "github.io"),
                ("*.internal", "internal"),
            )
        ),
        (
            "url_prefixes: [{host: '*.github.io', path: /x}]\n",
            "f:1:16: url_prefixes[0].host: matches names of many owners: anybody can have one below github.io (name the hosts)",
        ),
        (
            "url_prefixes: [{host: a.test, schemes: [https, http]}]\n",
            f"f:1:16: url_prefixes[0].schemes: http is allowed where https is too ({READABLE})",
        ),
        (
            "domains: ['*.a.test']\nurl_prefixes: [{host: b.a.test, schemes: [http]}]\n",
            f"f:2:16: url_prefixes[0].schemes: http is allowed where https is too by domains[0] in line 1 ({READABLE})",
        ),
        (
            "url_prefixes: [{host: a.test, path: '/a[0-9]'}]\n",
            "f:1:16: url_prefixes[0].path: [ stands for itself (write one entry for each, or ? for any one character)",
        ),
        (
            "url_prefixes: [{host: a.test, query: {id: '[0-9]'}}]\n",
            "f:1:16: url_prefixes[0].query.id: [ stands for itself (list the values)",
        ),
    ],
)  # fmt: skip
def test_what_a_file_is_warned_of(text: str, expected: str) -> None:
    assert told_without(text) == [expected]


@pytest.mark.parametrize(
    ("text", "at", "name"),
    [
        ("domains: [api.github.com]", "f:1:11: domains[0]", "TOKEN"),
        ("url_prefixes: [{host: api.github.com, path: '/*', methods: [GET]}]", "f:1:16: url_prefixes[0]", "TOKEN"),
        ("domains: ['*.x.corp.example']", "f:1:11: domains[0]", "TOKEN"),
        ("domains: ['*.eu-north-1.amazonaws.com']", "f:1:11: domains[0]", "AWS"),
        ("url_prefixes: [{host: odd.example, ports: [8443]}]", "f:1:16: url_prefixes[0]", "ODD"),
    ],
)
def test_a_host_that_gets_a_credential_on_every_path(text: str, at: str, name: str) -> None:
    assert told(text) == [f"{at}: gives {name} to every path of the host (allow the paths that are needed)"]
    assert told_without(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "domains: [a.test, b.a.test, '*.a.test']\n",
        "domains: ['*.crates.io', '10.0.0.1']\n",
        "domains: [a.test]\nurl_prefixes:\n  - {host: a.test, path: /graphql, graphql: {queries: [a]}}\n",  # in force behind it
        "domains: [a.test]\nurl_prefixes:\n  - {host: a.test, ports: [8443]}\n",
        "domains: [a.test]\nurl_prefixes:\n  - {host: a.test, path: '*', methods: [OPTIONS]}\n",
        "url_prefixes:\n  - {host: a.test, methods: [GET]}\n  - {host: a.test}\n",
        "url_prefixes:\n  - {host: a.test, query: {a: x}}\n  - {host: a.test}\n",
        "url_prefixes:\n  - {host: a.test, query: {a: x}}\n  - {host: a.test, query: {a: '*'}}\n",
        "url_prefixes:\n  - {host: a.test, path: '/a/?'}\n  - {host: a.test, path: '/a/*'}\n",
        "url_prefixes:\n  - {host: '*.a.test', path: /health}\n  - {host: b.a.test, schemes: [http]}\n",
        "url_prefixes: [{host: api.github.com, path: '/repos/acme/web/*'}]\n",
        "url_prefixes: [{host: odd.example}]\n",
        "presets: [apt, github]\n",
    ],
)  # fmt: skip
def test_what_needs_no_warning(text: str) -> None:
    assert told(text) == []


def test_a_star_does_not_reach_an_address() -> None:
    assert told("domains: ['*.x.test', '10.0.0.1']\n") == []
    assert [line for line in told("domains: ['*', '10.0.0.1']\n") if "never reached" in line] == []


def test_there_are_at_most_fifty() -> None:
    hosts = ", ".join(f'"*.x{number}"' for number in range(60))
    assert len(warnings(parse_allowlist(f"domains: [{hosts}]", "f"))) == 50


def test_a_large_file_is_compared_in_time() -> None:
    """1,000 entries with wildcards, none of which covers another: half a million comparisons."""
    entries = "\n".join(f"  - {{host: '*.h{number}.test', path: '/{number}/*'}}" for number in range(1_000))
    assert warnings(parse_allowlist(f"url_prefixes:\n{entries}\n", "f")) == ()


def test_the_full_form_is_warned_of_what_it_does() -> None:
    assert told(FULL) == [
        f"f:6:5: url_prefixes[0].schemes: http is allowed where https is too ({READABLE})",
    ]


def test_hosts_of_credentials_that_nothing_reaches() -> None:
    text = "url_prefixes:\n  - {host: api.github.com, path: /repos/*}\n  - {host: odd.example}\n"
    allowlist = parse_allowlist(text, "f")
    sandbox = Sandbox(id="", thread="", task="", attempt=0)
    made = rule_set(
        allowlist, granted_presets=(), repository="a/b", credentials=(), sandbox=sandbox, listen="192.0.2.1"
    )
    remedy = "allow what is needed there, or take the host out of airut.yaml"
    assert [str(problem) for problem in unreached_scopes("f", made.entries, CREDENTIALS[:2])] == [
        f"f:1:1: credentials.TOKEN.hosts: no entry reaches *.corp.example, which TOKEN is for ({remedy})",
        f"f:1:1: credentials.ODD.hosts: no entry reaches odd.example, which ODD is for ({remedy})",
    ]
