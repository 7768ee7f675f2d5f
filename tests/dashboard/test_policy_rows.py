"""A repository's policy as rows: every kind of entry, where it comes from, and which credentials are used there."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from airut.config.schema import Config
from airut.dashboard.policy_rows import PolicyRow, Swap, policy_rows, swaps_of
from airut.models.policy.policy import parse_allowlist, rule_entries
from airut.models.values.located import PolicyErrors

PEM = rsa.generate_private_key(65_537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
KEY = "sk-ant-api03-" + "r" * 95


def config_of(network: Any = (), credentials: Any = (), **agent: Any) -> Config:
    repo = {
        "url": "https://github.com/acme/web.git",
        "channels": {"console": {}},
        "agent": {"auth": {"api_key": KEY}, **agent},
        "credentials": dict(credentials),
    }
    return Config.model_validate({"config_version": 1, "network": dict(network), "repos": {"web": repo}})


GRANTED = PolicyRow(
    source="preset anthropic, granted by the server",
    host="api.anthropic.com",
    path="/v1/messages",
    methods=("POST",),
    credentials=("ANTHROPIC_API_KEY",),
)
TABLE: list[tuple[str, PolicyRow]] = [
    ("domains: [a.test]", PolicyRow(source="line 1", host="a.test")),
    (
        "url_prefixes:\n  - {host: a.test, path: /v1/*, methods: [GET, HEAD], comment: the queue}",
        PolicyRow(source="line 2", host="a.test", path="/v1/*", methods=("GET", "HEAD"), comment="the queue"),
    ),
    (
        "url_prefixes: [{host: a.test, query: {page: ['1', '2'], q: x*}}]",
        PolicyRow(source="line 1", host="a.test", query=("page=1 or 2", "q=x*")),
    ),
    ("url_prefixes: [{host: a.test, query: none}]", PolicyRow(source="line 1", host="a.test", query=())),
    (
        "url_prefixes: [{host: a.test, schemes: [https, http], ports: [443, 8443], addresses: [10.1.0.0/16], "
        "foreign_credentials: block}]",
        PolicyRow(
            source="line 1",
            host="a.test",
            conditions=(
                "over https and http",
                "ports 443, 8443",
                "at addresses in 10.1.0.0/16",
                "credentials that are not Airut's: block",
            ),
        ),
    ),
    (
        "url_prefixes: [{host: a.test, graphql: {queries: [repository, node], mutations: [addStar]}}]",
        PolicyRow(
            source="line 1",
            host="a.test",
            conditions=("GraphQL queries: repository, node", "GraphQL mutations: addStar"),
        ),
    ),
]


@pytest.mark.parametrize(("text", "row"), TABLE)
def test_entries(text: str, row: PolicyRow) -> None:
    first, *rest = policy_rows(text, config_of({"private_ranges": ["10.0.0.0/8"]}), "web")
    assert first == row
    assert {each.source for each in rest} == {GRANTED.source}


def test_the_order_is_that_in_which_they_decide() -> None:
    text = "url_prefixes: [{host: b.test}]\ndomains: [a.test]\npresets: [go, {name: github}, npm]\n"
    config = config_of({"granted_presets": ["npm", "apt"]})
    rows = policy_rows(text, config, "web")
    entries = rule_entries(
        parse_allowlist(text, "f"), ("npm", "apt"), "acme/web", config.repos["web"].agent.base_url, ()
    )
    assert [(row.host, row.path) for row in rows] == [(entry.host, entry.path) for entry in entries]
    assert list(dict.fromkeys(row.source for row in rows)) == [
        *("line 2", "line 1", "preset go", "preset github"),
        *("preset npm, which the server grants as well", "preset apt, granted by the server"),
    ]
    assert any(row.path and row.path.startswith("/repos/acme/web") for row in rows)


def test_without_a_file_there_is_what_the_server_grants() -> None:
    assert policy_rows(None, config_of(), "web") == policy_rows("", config_of(), "web")
    assert GRANTED.host in {row.host for row in policy_rows(None, config_of(), "web")}
    gateway = config_of(base_url="https://gateway.test/llm")
    assert {(row.host, row.credentials) for row in policy_rows(None, gateway, "web")} == {
        ("gateway.test", ("ANTHROPIC_API_KEY",))
    }
    assert policy_rows(None, config_of({"granted_presets": []}), "web") == ()


def test_credentials_are_named_where_they_are_used() -> None:
    credentials = {
        "JOBS": {"value": "v" * 20, "hosts": ["*.jobs.test"], "methods": ["POST"]},
        "ODD": {"value": "w" * 20, "hosts": ["odd.test"], "ports": [8443]},
        "AWS": {"kind": "aws", "access_key_id": "AKIA" + "A" * 16, "secret_access_key": "s" * 40, "hosts": ["s3.test"]},
        "APP": {"kind": "github_app", "app_id": 1, "installation_id": 2, "private_key": PEM},
    }
    text = """
url_prefixes:
  - {host: a.jobs.test}
  - {host: a.jobs.test, methods: [GET]}
  - {host: a.jobs.test, schemes: [http]}
  - {host: '*.test'}
  - {host: odd.test}
  - {host: odd.test, ports: [8443]}
  - {host: s3.test}
  - {host: api.github.com}
"""
    config = config_of({"granted_presets": []}, credentials)
    assert [(row.source, row.credentials) for row in policy_rows(text, config, "web")] == [
        ("line 3", ("JOBS",)),
        ("line 4", ()),
        ("line 5", ()),
        ("line 6", ("JOBS", "AWS")),
        ("line 7", ()),
        ("line 8", ("ODD",)),
        ("line 9", ("AWS",)),
        ("line 10", ("APP",)),
    ]


def test_no_value_is_asked_for() -> None:
    """Accounts of both kinds, whose sources have nothing."""
    accounts = [{"api_key": KEY}, {"oauth_token": "sk-ant-oat01-" + "t" * 95}]
    found = config_of(auth={"accounts": accounts}).repos["web"]
    assert list(swaps_of(found)) == [
        Swap(name="ANTHROPIC_API_KEY", hosts=("api.anthropic.com",), ports=(443,)),
        Swap(name="CLAUDE_CODE_OAUTH_TOKEN", hosts=("api.anthropic.com",), ports=(443,)),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("domain: [a.test]", '.airut/network-allowlist.yaml:1:1: domain: unknown key (did you mean "domains"?)'),
        (
            "url_prefixes:\n  - {host: a.test, addresses: [10.1.0.0/16]}",
            ".airut/network-allowlist.yaml:2:5: url_prefixes[0].addresses: 10.1.0.0/16 is not within the operator's "
            "network.private_ranges (ask the operator to add it)",
        ),
    ],
)
def test_what_is_wrong_with_the_file(text: str, words: str) -> None:
    with pytest.raises(PolicyErrors) as raised:
        policy_rows(text, config_of(), "web")
    assert str(raised.value) == words
