"""The rule set that the proxy reads: both sides hold to one schema, and values are in the wire form alone."""

import copy
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has none
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from airut.models.credentials.aws import AwsCredential, aws_for_sandbox
from airut.models.credentials.github_app import (
    GITHUB_HOSTS,
    GithubAppCredential,
    GithubRepository,
    InstallationToken,
    SandboxGithubApp,
    app_for_sandbox,
)
from airut.models.credentials.kinds import (
    AnySandboxCredential,
    Credential,
    SandboxCredential,
    claude_for_sandbox,
    for_sandbox,
)
from airut.models.credentials.secret import Secret, SecretLines
from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import deny_all, rule_set
from airut.models.policy.rules import RuleSet
from proxy import rules_document
from proxy.rules import Credential as ProxyCredential
from proxy.rules import RepositoryScope
from proxy.rules_members import RulesError
from tests.models.policy.test_allowlist import FULL
from tests.models.policy.test_policy import SANDBOX
from tests.proxy.documents import aws, credential, entry
from tests.proxy.documents import rules as document

KEY = bytes(32)


AWS = AwsCredential(
    kind="aws",
    access_key_id=Secret("AKIAA1B2A1B2A1B2A1B2"),
    secret_access_key=Secret("a1B2a1B2/" * 4 + "a1B2"),
    session_token=Secret("a1B2a1B2+" * 9),
    hosts=("*.s3.eu-north-1.amazonaws.com",),
    regions=("eu-north-1",),
)


APP = app_for_sandbox(
    "GH_APP",
    GithubAppCredential(kind="github_app", app_id=1, installation_id=2, private_key=SecretLines("-----BEGIN")),
    key=KEY,
    thread="t",
    repo="web",
    slug="acme/web",
)
TOKEN = InstallationToken(
    value=Secret("ghs_" + "e5F6" * 9), expires_at=3600.0, repositories=(GithubRepository(id=7, name="Acme/Web"),)
)


def without_values(found: AnySandboxCredential) -> AnySandboxCredential:
    """The same credential at a time when its value cannot be had."""
    if isinstance(found, SandboxCredential):
        return found.model_copy(update={"value": None})
    if isinstance(found, SandboxGithubApp):
        return found.model_copy(update={"token": None})
    parts = {name: part.model_copy(update={"value": None}) for name in PARTS if (part := getattr(found, name))}
    return found.model_copy(update=parts)


def sample(*, available: bool = True) -> RuleSet:
    token = Credential(value=Secret("ghp_" + "a1B2" * 9), hosts=("api.github.com",), json=("/auth/*/token",))
    credentials: tuple[AnySandboxCredential, ...] = (
        for_sandbox("GH_TOKEN", token, key=KEY, thread="t", repo="acme/web"),
        claude_for_sandbox("api_key", Secret("sk-ant-api03-" + "c3D4" * 10 + "AA"), key=KEY, thread="t", repo="r"),
        aws_for_sandbox("AWS", AWS, key=KEY, thread="t", repo="r"),
        APP.model_copy(update={"token": TOKEN}),
    )
    return rule_set(
        parse_allowlist(FULL, "f"),
        granted_presets=("anthropic",),
        repository="acme/web",
        credentials=credentials if available else tuple(map(without_values, credentials)),
        sandbox=SANDBOX,
        listen="10.199.0.2",
        listen6="fd41::2",
        upstream_dns=("192.0.2.53",),
        private_ranges=("10.0.0.0/8",),
        extra_ca_file="/run/airut/rules/extra-ca.pem",
    )


def test_real_values_are_in_the_wire_form_and_nowhere_else() -> None:
    made = sample()
    assert b"ghp_a1B2" in made.to_wire()
    for shown in (repr(made), str(made), made.model_dump_json(), str(made.model_dump())):
        assert "a1B2a1B2" not in shown
    parsed = rules_document.parse(made.to_wire())
    assert [c.foreign for c in parsed.credentials] == ["strip", "block", "strip"]
    assert parsed.credentials[0].value == "ghp_" + "a1B2" * 9
    assert parsed.digest == made.digest
    assert [c.pointers for c in parsed.credentials] == [("/auth/*/token",), (), ()]
    assert [part.value for part in parsed.aws[0].parts()] == [secret.reveal() for secret in AWS.secrets()]
    assert parsed.aws[0].regions == ("eu-north-1",)


def test_the_digest_names_the_policy_and_not_the_values() -> None:
    made, other = sample(), sample()
    rotated = other.model_copy(
        update={"credentials": tuple(c.model_copy(update={"value": Secret("rotated")}) for c in other.credentials)}
    )
    assert made.digest == rotated.digest == sample(available=False).digest
    assert made.digest != deny_all(listen="10.199.0.2").digest
    assert len(made.digest) == 64


def test_values_that_cannot_be_had_are_null() -> None:
    parsed = rules_document.parse(sample(available=False).to_wire())
    assert [c.value for c in parsed.credentials] + [part.value for part in parsed.aws[0].parts()] == [None] * 6
    assert (parsed.secrets(), parsed.named_values(), parsed.aws[0].is_available) == ({}, [], False)


def test_an_apps_token_and_what_it_is_for() -> None:
    parsed = rules_document.parse(sample().to_wire())
    assert parsed.credentials[2] == ProxyCredential(
        name="GH_APP",
        kind="github_app",
        surrogate=APP.surrogate,
        value="ghs_" + "e5F6" * 9,
        hosts=GITHUB_HOSTS,
        ports=(443,),
        headers=("Authorization",),
        query=(),
        pointers=(),
        methods=(),
        foreign="strip",
        mints=(),
    )
    known = RepositoryScope("GH_APP", GITHUB_HOSTS, frozenset([7]), frozenset(["acme/web"]))
    assert parsed.repository_scopes == (known,)
    assert APP.surrogate.startswith("ghs_")
    assert len(APP.surrogate) == 40
    unknown = rules_document.parse(sample(available=False).to_wire()).repository_scopes
    assert unknown == (RepositoryScope("GH_APP", GITHUB_HOSTS, frozenset(), frozenset()),)


def test_a_proxy_started_ahead_allows_nothing() -> None:
    assert rules_document.parse(deny_all(listen="10.199.0.2").to_wire()).entries == ()


def test_the_json_schema_holds_for_what_we_write() -> None:
    schema = RuleSet.model_json_schema()
    jsonschema.validate(json.loads(sample().to_wire()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(sample().to_wire()), "version": 2}, schema)


def test_a_version_is_a_number() -> None:
    with pytest.raises(ValidationError):
        RuleSet.model_validate_json(json.dumps({**DOCUMENT, "version": True}))


PARTS = ("access_key_id", "secret_access_key", "session_token")
GRAPHQL = {"queries": ["a*"], "mutations": [], "subscriptions": []}
MINT = {"path": "/token", "fields": ["/token", "/*/a"], "hosts": ["*.test"], "ttl": 60}
DOCUMENT = document(
    entry("api.test", ports=[8443], query={"a": ["*"]}, graphql=GRAPHQL, comment="why"),
    credentials=[credential("A", mints=[MINT]), credential("B")],
    model_hosts=["*.models.test"],
    repository_scopes=[{"credential": "A", "hosts": ["api.test"], "repositories": [{"id": 7, "name": "acme/web"}]}],
    aws=[aws(), aws("OTHER", **{part: {"surrogate": f"of-{part}", "value": "v"} for part in PARTS})],
)  # fmt: skip
JUNK = st.sampled_from(
    [None, True, 0, 1, 53, 443, 65_536, -1, 1.5, "", "x", "443", "10.0.0.0/8", "10.0.0.1/8", "::1", "https", "block",
     "token", "surrogate-of-A", "a\nb", "a b", "\0", "é", [], ["x"], [""], [1], [443], {}, {"a": ["*"]}, {"a": "*"}],
)  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([at] if at else []), *(path for key, child in children for path in paths(child, (*at, key)))]


@example(path=("version",), junk=True, remove=False, add=False)
@given(path=st.sampled_from(paths(DOCUMENT)), junk=JUNK, remove=st.booleans(), add=st.booleans())
def test_both_sides_take_and_refuse_the_same(path: tuple[Any, ...], junk: Any, remove: bool, add: bool) -> None:
    changed = copy.deepcopy(DOCUMENT)
    parent: Any = changed
    for key in path[:-1]:
        parent = parent[key]
    if remove:
        del parent[path[-1]]
    elif add and isinstance(parent, dict):
        parent["extra"] = junk
    else:
        parent[path[-1]] = junk
    text = json.dumps(changed)
    try:
        RuleSet.model_validate_json(text)
        ours = True
    except ValidationError:
        ours = False
    try:
        rules_document.parse(text)
        theirs = True
    except RulesError:
        theirs = False
    assert ours == theirs, (path, junk)
