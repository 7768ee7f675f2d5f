"""What a service may fetch for the agent."""

import pytest

from proxy.reach import BadDomain, Reach
from tests.proxy.rulesets import of_policy

POLICY = """
domains: [docs.python.org, "*.crates.io", github.io, "*.pages.dev", pages.dev, 10.0.0.1, internal]
url_prefixes:
  - {host: api.example.com, path: "/v1/*", methods: [GET]}
  - {host: blog.example.com, path: "/post*", methods: [GET]}
  - {host: all.example.com, path: "/*", methods: [GET, POST]}
  - {host: posts.example.com, methods: [POST]}
  - {host: plain.example.com, schemes: [http]}
  - {host: odd.example.com, ports: [8443]}
  - {host: asks.example.com, query: {q: "*"}}
  - {host: graph.example.com, graphql: {queries: [viewer]}}
  - {host: mcp.example.com, path: /mcp, methods: [POST]}
"""
REACH = Reach(of_policy(POLICY).entries)


def test_single_hosts_that_are_open() -> None:
    assert REACH.hosts() == ("docs.python.org", "pages.dev", "all.example.com")


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("docs.python.org", True),
        ("DOCS.python.org.", True),
        ("docs.python.org/3", True),
        ("python.org", False),
        ("x.docs.python.org", False),
        ("static.crates.io", True),
        ("crates.io", False),
        ("github.io", False),  # a public suffix: what is below it belongs to strangers
        ("pages.dev", True),  # one too, with an entry for all of them
        ("me.pages.dev", True),
        ("api.example.com", False),
        ("api.example.com/v1/", False),  # the service may mean the same without the slash
        ("api.example.com/v1/x", True),
        ("api.example.com/v2/x", False),
        ("blog.example.com/post", True),
        ("blog.example.com/pos", False),
        ("all.example.com", True),
        ("posts.example.com", False),
        ("plain.example.com", False),
        ("odd.example.com", False),
        ("asks.example.com", False),
        ("graph.example.com", False),
        ("com", False),
    ],
)
def test_domains(domain: str, expected: bool) -> None:
    assert REACH.covers(domain) is expected


@pytest.mark.parametrize(
    "domain",
    ["", "*", "*.python.org", "docs.python.org/*", " docs.python.org", "docs.python.org ", ".python.org", "a..b", "a b",
     "https://docs.python.org", "docs.python.org:443", "u@docs.python.org", "docs.python.org?x", "docs.python.org/?x",
     "docs.python.org/a/../b", "docs.python.org//a", "docs.python.org/a;b", "docs.python.org/%2e%2e", "docs.python.org#x",
     "docs.python.org/#x", "[::1]", "10.0.0.1", "docs.python.org\\x", "0x7f.1", "docs.python.org\n", "\ud800"],
)  # fmt: skip
def test_what_is_no_plain_domain(domain: str) -> None:
    with pytest.raises(BadDomain):
        REACH.covers(domain)


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "https://docs.python.org/3/x?y=1", True),
        ("GET", "HTTPS://DOCS.python.org", True),
        ("GET", "https://docs.python.org:443/", True),
        ("GET", "https://docs.python.org:8443/", False),
        ("GET", "http://docs.python.org/", False),
        ("GET", "https://docs.python.org@evil.test/", False),
        ("GET", "https://evil.test\\@docs.python.org/", False),
        ("GET", "https://docs.python.org/#x", False),
        ("GET", "https://docs.python.org/a/../b", False),
        ("GET", " https://docs.python.org/", False),
        ("GET", "https://docs.python.org/\n", False),
        ("GET", "//docs.python.org/", False),
        ("GET", "ftp://docs.python.org/", False),
        ("GET", "data:text/plain,x", False),
        ("GET", "file:///etc/passwd", False),
        ("GET", "", False),
        ("GET", "https://api.example.com/v1/image", True),
        ("GET", "https://api.example.com/v2/image", False),
        ("POST", "https://mcp.example.com/mcp", True),
        ("GET", "https://mcp.example.com/mcp", False),
        ("GET", "https://10.0.0.1/", False),  # of whose network?
        ("POST", "https://graph.example.com/", False),  # its body could not be judged
    ],
)
def test_urls(method: str, url: str, expected: bool) -> None:
    assert REACH.allows(method, url) is expected
