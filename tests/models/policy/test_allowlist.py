"""The allowlist file: what it may say, and what is said about one that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.policy.allowlist import Entry, parse_allowlist
from airut.models.policy.policy import PolicyErrors
from airut.models.policy.presets import Preset

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
