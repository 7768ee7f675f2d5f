"""What a policy allows: the file, presets and grants as the proxy decides by them."""

import json

import pytest

from airut.models.policy import presets
from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.model_endpoint import ModelEndpoint
from airut.models.policy.policy import PolicyErrors, rule_set
from airut.models.policy.presets import Preset
from airut.models.policy.rules import Sandbox
from proxy import matching, rules_document
from proxy.explanation import explain
from proxy.matching import Asked
from proxy.normalise import read_target

SANDBOX = Sandbox(id="sb", thread="t", task="t/task-1", attempt=1)


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
