"""What `airut policy` takes a GitHub App's token for, which it does not ask for."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from airut.cli.policy_scope import rules_of, scope_of
from airut.config.schema import Config
from airut.models.policy.allowlist import parse_allowlist
from proxy.explanation import explain

PEM = rsa.generate_private_key(65_537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
REPO = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}},
    "agent": {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}},
    "credentials": {"GH_APP": {"kind": "github_app", "app_id": 1, "installation_id": 2, "private_key": PEM}},
}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ('{repository(owner: "acme", name: "web"){id}}', None),
        ('{repository(owner: "evil", name: "web"){id}}', "graphql_repo_scope_blocked"),
    ],
)
def test_the_repositories_of_an_app_are_those_that_are_configured(query: str, reason: str | None) -> None:
    scope = scope_of(Config.model_validate({"config_version": 1, "repos": {"web": REPO}}), "web")
    allowlist = parse_allowlist("url_prefixes: [{host: api.github.com, path: /graphql, methods: [POST]}]", "f")
    body = json.dumps({"query": query}).encode()
    said = explain(rules_of(allowlist, scope), "POST", "https://api.github.com/graphql", body)
    assert (None if said.refused is None else str(said.refused.reason)) == reason
    assert said.credentials == (() if reason else ("GH_APP",))
