"""The allowlist file, presets, and the rule set that the proxy reads: both sides hold to one schema."""

import copy
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has none
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from airut.models import presets
from airut.models.allowlist import Entry, parse_allowlist
from airut.models.aws_credentials import AwsCredential, aws_for_sandbox
from airut.models.credentials import (
    AnySandboxCredential,
    Credential,
    SandboxCredential,
    claude_for_sandbox,
    for_sandbox,
)
from airut.models.github_app import (
    GITHUB_HOSTS,
    GithubAppCredential,
    GithubRepository,
    InstallationToken,
    SandboxGithubApp,
    app_for_sandbox,
)
from airut.models.model_endpoint import ModelEndpoint
from airut.models.policy import PolicyErrors, deny_all, rule_set
from airut.models.presets import Preset
from airut.models.rules import RuleSet, Sandbox
from airut.models.secret import Secret, SecretLines
from proxy import matching, rules_document
from proxy.explanation import explain
from proxy.matching import Asked
from proxy.normalise import read_target
from proxy.rules import Credential as ProxyCredential
from proxy.rules import RepositoryScope
from proxy.rules_members import RulesError
from tests.proxy.fence import aws, credential, entry
from tests.proxy.fence import rules as document

KEY = bytes(32)
SANDBOX = Sandbox(id="sb", thread="t", task="t/task-1", attempt=1)
FULL = """\
presets: [anthropic, pypi, {name: github, repositories: [acme/web], access: read}]
domains:
  - docs.python.org
  - "*.Crates.io."
url_prefixes:
  - host: api.example.com
    path: /v1/jobs/*
    methods: [GET, POST]
    query: {page: "*", state: [open, closed]}
    schemes: [https, http]
    ports: [443, 8443]
    addresses: [10.20.0.0/16]
    foreign_credentials: strip
    comment: why this is here
  - host: bücher.example
    query: none
  - {host: short.example, path: "/x?page=*"}
"""


def test_the_full_form() -> None:
    allowlist = parse_allowlist(FULL, "f.yaml")
    assert allowlist.presets == (
        Preset(name="anthropic"),
        Preset(name="pypi"),
        Preset(name="github", repositories=("acme/web",)),
    )
    assert allowlist.entries == (
        Entry(line=3, column=5, origin="domains", host="docs.python.org"),
        Entry(line=4, column=5, origin="domains", host="*.crates.io"),
        Entry(
            line=6,
            column=5,
            origin="url_prefixes",
            host="api.example.com",
            path="/v1/jobs/*",
            methods=("GET", "POST"),
            query={"page": ("*",), "state": ("open", "closed")},
            schemes=("https", "http"),
            ports=(443, 8443),
            addresses=("10.20.0.0/16",),
            foreign_credentials="strip",
            comment="why this is here",
        ),
        Entry(line=15, column=5, origin="url_prefixes", host="xn--bcher-kva.example", query={}),
        Entry(line=17, column=5, origin="url_prefixes", host="short.example", path="/x", query={"page": ("*",)}),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n", "{}\n", "domains:\n"])
def test_an_empty_file_allows_nothing(text: str) -> None:
    assert parse_allowlist(text, "f").entries == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "url_prefixes:\n  - host: a.b\n    method: [GET]\n",
            'f:3:5: url_prefixes[0].method: unknown key (did you mean "methods"?)',
        ),
        ("allow: []\n", "f:1:1: allow: unknown key"),
        ("domains: a.b\n", "f:1:10: domains: must be a list (write [a.b])"),
        ("domains: [1]\n", "f:1:11: domains[0]: must be text (put it in quotes)"),
        ("domains: [https://a.b]\n", "f:1:11: domains[0]: is a URL (write the host; `schemes` names http)"),
        ("domains: [a.b/c]\n", "f:1:11: domains[0]: holds a path (use url_prefixes with `path`)"),
        ("domains: ['a.b:443']\n", "f:1:11: domains[0]: is not a host name or pattern (use `ports`)"),
        ("domains: ['a b']\n", "f:1:11: domains[0]: is not a host name or pattern"),
        ("domains: ['']\n", "f:1:11: domains[0]: is not a host name or pattern"),
        ("url_prefixes: [{path: /x}]\n", "f:1:16: url_prefixes[0]: host is missing"),
        ("url_prefixes: [{host: a.b, path: x}]\n", "f:1:34: url_prefixes[0].path: must begin with /"),
        (
            "url_prefixes: [{host: a.b, path: /x/%2E%2e/y}]\n",
            "f:1:34: url_prefixes[0].path: no request matches a path with . or .. in it",
        ),
        ("url_prefixes: [{host: a.b, methods: [get]}]\n", "f:1:38: url_prefixes[0].methods[0]: unknown method (write GET)"),
        ("url_prefixes: [{host: a.b, methods: [FETCH]}]\n", "f:1:38: url_prefixes[0].methods[0]: unknown method"),
        ("url_prefixes: [{host: a.b, ports: [53]}]\n", "f:1:36: url_prefixes[0].ports[0]: must be 1 to 65535, and not 53"),
        ("url_prefixes: [{host: a.b, ports: [0]}]\n", "f:1:36: url_prefixes[0].ports[0]: must be 1 to 65535, and not 53"),
        ("url_prefixes: [{host: a.b, schemes: [ftp]}]\n", "f:1:38: url_prefixes[0].schemes[0]: must be https or http"),
        (
            "url_prefixes: [{host: a.b, addresses: [10.0.0.1/8]}]\n",
            "f:1:40: url_prefixes[0].addresses[0]: must be a network such as 10.20.0.0/16",
        ),
        (
            "url_prefixes: [{host: a.b, foreign_credentials: maybe}]\n",
            "f:1:49: url_prefixes[0].foreign_credentials: must be allow, strip or block",
        ),
        (
            "url_prefixes: [{host: a.b, graphql: {}}]\n",
            "f:1:37: url_prefixes[0].graphql: allows no operation (name fields under queries, mutations or subscriptions)",
        ),
        (
            "url_prefixes: [{host: a.b, graphql: {querys: [a]}}]\n",
            'f:1:38: url_prefixes[0].graphql.querys: unknown key (did you mean "queries"?)',
        ),
        (
            "url_prefixes: [{host: a.b, graphql: {queries: [7, 'a(b)']}}]\n",
            "f:1:51: url_prefixes[0].graphql.queries[1]: is no field's name or pattern (write the field without arguments)",
        ),
        (
            "presets: [pipy]\n",
            "f:1:11: presets[0]: unknown preset (there are anthropic, github, pypi, npm, crates, go, apt)",
        ),
        ("presets: [{name: pypi, access: read}]\n", "f:1:32: presets[0].access: pypi takes no arguments"),
        ("presets: [{name: github, repositories: [web]}]\n", "f:1:41: presets[0].repositories[0]: must be owner/name"),
        ("domains: [a.b]\ndomains: [c.d]\n", "f:2:1: domains: this key is there twice (keep one)"),
        ("domains: [a.b\n", "f:2:1: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: b: c\n", "f:1:5: not YAML: mapping values are not allowed here"),
        ("x" * 300_000, "f:1:1: the file is over 256 KiB"),
        ("a: " + "[" * 150 + "]" * 150, "f:1:1: nested over 100 levels"),
        ("domains: [" + "a.b," * 2_001 + "]", "f:1:1: over 2000 entries"),
        (
            "presets: [{name: github, repositories: [" + "a/b," * 160 + "]}]",
            "f:1:10: presets: stands for over 2000 entries",
        ),
    ],
)  # fmt: skip
def test_errors_say_where_and_what_to_do(text: str, error: str) -> None:
    with pytest.raises(PolicyErrors) as raised:
        parse_allowlist(text, "f")
    assert str(raised.value).splitlines()[-1] == error


def test_all_errors_at_once_and_at_most_fifty() -> None:
    with pytest.raises(PolicyErrors) as raised:
        parse_allowlist("domains: [" + "'a b'," * 60 + "]", "f")
    assert len(raised.value.problems) == 50


@given(st.text(max_size=200) | st.recursive(st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)).map(str))
def test_no_text_breaks_it(text: str) -> None:
    try:
        parse_allowlist(text, "f")
    except PolicyErrors:
        return


def test_aliases_that_multiply_are_harmless() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30))
    with pytest.raises(PolicyErrors):
        parse_allowlist(f"l0: &l0 [x]\n{levels}\n", "f")


def allowed(wire: bytes, method: str, url: str) -> str | None:
    """The proxy's verdict: the rule that admits, or None."""
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    asked = Asked(
        scheme, host, {"https": 443, "http": 80}[scheme], method, read_target((slash + target).encode(), method)
    )
    found = matching.decide(rules_document.parse(wire).entries, asked).entry
    return found.rule if found else None


def expanded(text: str | None, *granted: str) -> bytes:
    return rule_set(
        parse_allowlist(text, ".airut/network-allowlist.yaml") if text is not None else None,
        granted_presets=granted,
        repository="acme/web",
        credentials=(),
        sandbox=SANDBOX,
        listen="10.199.0.2",
        private_ranges=("10.0.0.0/8",),
    ).to_wire()


@pytest.mark.parametrize(
    ("text", "method", "url", "rule"),
    [
        (None, "POST", "https://api.anthropic.com/v1/messages", "preset:anthropic"),
        ("", "POST", "https://api.anthropic.com/v1/messages?beta=true", "preset:anthropic"),
        ("", "POST", "https://api.anthropic.com/v1/files", None),
        ("", "GET", "https://api.anthropic.com/v1/messages", None),
        ("", "GET", "https://pypi.org/simple/x/", None),
        ("presets: [pypi]", "GET", "https://pypi.org/simple/x/", "preset:pypi"),
        ("presets: [pypi]", "POST", "https://pypi.org/simple/x/", None),
        ("presets: [npm]", "POST", "https://registry.npmjs.org/-/npm/v1/security/audits", "preset:npm"),
        ("presets: [npm]", "GET", "https://registry.npmjs.org/@a%2fb", "preset:npm"),
        ("presets: [crates]", "GET", "https://static.crates.io/crates/x/x-1.crate", "preset:crates"),
        ("presets: [go]", "GET", "https://sum.golang.org/lookup/x", "preset:go"),
        ("presets: [apt]", "GET", "http://deb.debian.org/debian/dists/", "preset:apt"),
        ("presets: [github]", "GET", "https://github.com/acme/web.git/info/refs?service=git-upload-pack", "preset:github"),
        ("presets: [github]", "POST", "https://github.com/acme/web/git-upload-pack", "preset:github"),
        ("presets: [github]", "GET", "https://github.com/acme/web.git/info/refs?service=git-receive-pack", None),
        ("presets: [github]", "POST", "https://github.com/acme/web.git/git-receive-pack", None),
        ("presets: [github]", "GET", "https://github.com/other/web.git/info/refs?service=git-upload-pack", None),
        ("presets: [github]", "GET", "https://api.github.com/repos/acme/web", "preset:github"),
        ("presets: [github]", "GET", "https://api.github.com/repos/acme/web-other", None),
        ("presets: [github]", "POST", "https://api.github.com/repos/acme/web/pulls", None),
        ("presets: [github]", "POST", "https://api.github.com/graphql", "preset:github"),
        ("presets: [github]", "GET", "https://api.github.com/graphql", None),
        ("presets: [github]", "GET", "https://codeload.github.com/acme/web/tar.gz/main", "preset:github"),
        ("presets: [github]", "GET", "https://raw.githubusercontent.com/acme/other/main/x", None),
        ("presets: [{name: github, repositories: [a/b, c/d]}]", "GET", "https://api.github.com/repos/c/d/pulls", "preset:github"),
        ("presets: [{name: github, repositories: [a/b, c/d]}]", "GET", "https://api.github.com/repos/acme/web", None),
        (
            "presets: [{name: github, access: write}]",
            "POST",
            "https://github.com/acme/web.git/git-receive-pack",
            "preset:github",
        ),
        ("presets: [{name: github, access: write}]", "POST", "https://api.github.com/repos/acme/web/pulls", "preset:github"),
        ("presets: [{name: github, access: write}]", "DELETE", "https://api.github.com/repos/acme/web/x", None),
        ("domains: [a.test]", "DELETE", "https://a.test/x", ".airut/network-allowlist.yaml:1"),
        ("domains: [a.test]", "GET", "http://a.test/x", None),
    ],
)  # fmt: skip
def test_what_a_policy_allows(text: str | None, method: str, url: str, rule: str | None) -> None:
    assert allowed(expanded(text, "anthropic"), method, url) == rule


@pytest.mark.parametrize(
    ("access", "document", "allowed"),
    [
        ("read", '{repository(owner:"acme",name:"web"){id} viewer{login} rateLimit{cost}}', True),
        ("read", 'query($n:String!){__type(name:$n){fields{name}}}', True),
        ("read", '{search(query:"x",type:ISSUE){issueCount}}', False),
        ("read", '{user(login:"x"){gists{totalCount}}}', False),
        ("read", 'mutation{addComment(input:{}){clientMutationId}}', False),
        ("write", '{node(id:"x"){id}}', True),
        ("write", 'mutation{addComment(input:{}){clientMutationId}}', True),
        ("write", 'mutation{a:createPullRequest(input:{}){clientMutationId}}', True),
        ("write", 'mutation{mergePullRequest(input:{}){clientMutationId}}', False),
        ("write", 'mutation{addComment(input:{}){clientMutationId} createGist(input:{}){clientMutationId}}', False),
        ("write", 'subscription{a}', False),
    ],
)  # fmt: skip
def test_the_operations_of_github(access: str, document: str, allowed: bool) -> None:
    policy = rules_document.parse(expanded(f"presets: [{{name: github, access: {access}}}]"))
    body = json.dumps({"query": document, "variables": {"n": "PullRequest"}}).encode()
    found = explain(policy, "POST", "https://api.github.com/graphql", body)
    assert (found.guards, found.refused is None) == (("preset:github",), allowed)


def test_a_preset_named_twice_is_the_union() -> None:
    named = [Preset(name="github", repositories=("a/b",), access="write"), Preset(name="go"), Preset(name="github")]
    assert presets.union(named, "acme/web") == (
        Preset(name="github", repositories=("a/b", "acme/web"), access="write"),
        Preset(name="go"),
    )


def test_a_gateway_is_granted_in_place_of_anthropics_api() -> None:
    def rules_of(text: str, *granted: str) -> list[tuple[object, ...]]:
        made = rule_set(
            parse_allowlist(text, "f"),
            granted_presets=granted,
            repository="acme/web",
            model_endpoint=ModelEndpoint(host="gw.corp.example", port=8443, path="/claude"),
            model_hosts=("gw.corp.example", "*.models.example"),
            credentials=(),
            sandbox=SANDBOX,
            listen="10.199.0.2",
            private_ranges=("10.0.0.0/8",),
        )
        parsed = rules_document.parse(made.to_wire())
        assert parsed.model_hosts == ("gw.corp.example", "*.models.example")
        return [(e.rule, e.host, e.path, e.ports, [str(a) for a in e.addresses]) for e in parsed.entries]

    gateway = [
        ("preset:anthropic", "gw.corp.example", f"/claude/v1/{path}", (8443,), ["10.0.0.0/8"])
        for path in ("messages", "messages/*", "models", "models/*")
    ]
    assert rules_of("", "anthropic") == gateway
    assert rules_of("") == []
    named = rules_of("presets: [anthropic]", "anthropic")
    assert named[4:] == gateway
    assert {host for _, host, *_ in named[:4]} == {"api.anthropic.com"}


def test_how_many_entries_a_repository_has() -> None:
    one, two = (
        len(presets.expand(Preset(name="github", repositories=names, access="write")))
        for names in (("a/b",), ("a/b", "c/d"))
    )
    assert two - one <= presets.MOST_PER_REPOSITORY


def test_every_preset_expands_to_entries_the_proxy_takes() -> None:
    wire = expanded("presets: [" + ", ".join(presets.NAMES) + "]")
    assert {entry.rule for entry in rules_document.parse(wire).entries} == {f"preset:{name}" for name in presets.NAMES}


def test_addresses_outside_the_operators_ranges() -> None:
    with pytest.raises(PolicyErrors, match=r"f:1:16: url_prefixes\[0\]\.addresses: 192\.168\.0\.0/16 is not within"):
        rule_set(
            parse_allowlist("url_prefixes: [{host: a.test, addresses: [192.168.0.0/16]}]", "f"),
            granted_presets=(),
            repository="a/b",
            credentials=(),
            sandbox=SANDBOX,
            listen="10.199.0.2",
            private_ranges=("10.0.0.0/8",),
        )


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
