"""What is said about an allowlist holds for any request, by the proxy's own matching."""

from typing import Any

import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.warnings import warnings
from airut.models.values.located import PolicyErrors
from proxy import matching
from proxy.block import Reason
from proxy.explanation import explain
from proxy.matching import Asked
from proxy.normalise import TargetRefused, read_target
from tests.proxy.rulesets import of_policy

# Few letters, so that patterns and requests meet.
HOSTS = st.sampled_from(["a.test", "b.a.test", "*.a.test", "*", "?.a.test", "*a.test", "10.0.0.1"])
PATHS = st.sampled_from([None, "/*", "/a", "/a/*", "/a*", "/?", "/%61", "/a%2fb", "/*b", "*", "/a;b", "/?/*"])
METHODS = st.lists(st.sampled_from(["GET", "POST", "OPTIONS"]), unique=True)
VALUES = st.sampled_from(["*", "x", "?", ["x", "y"]])
QUERIES = st.sampled_from([None, "none"]) | st.dictionaries(st.sampled_from(["p", "q"]), VALUES, min_size=1)
SCHEMES = st.sampled_from([["https"], ["http"], ["https", "http"]])
PORTS = st.lists(st.sampled_from([80, 443, 8443]), unique=True)
ENTRIES = st.fixed_dictionaries(
    {"host": HOSTS, "path": PATHS, "methods": METHODS, "query": QUERIES, "schemes": SCHEMES, "ports": PORTS}
)
REQUESTS = st.tuples(
    st.sampled_from(["https", "http"]),
    st.sampled_from(["a.test", "b.a.test", "c.b.a.test", "xa.test", "other.test", "10.0.0.1"]),
    st.sampled_from([80, 443, 8443]),
    st.sampled_from(["GET", "POST", "OPTIONS"]),
    st.sampled_from([b"/", b"/a", b"/a/", b"/a/b", b"/b", b"/a%2Fb", b"/a;b", b"/ab", b"/x/y", b"*"]),
    st.sampled_from([b"", b"?", b"?p=x", b"?q=y&p=x", b"?p=xx", b"?r=1"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(ENTRIES, min_size=2, max_size=4), st.lists(st.just("a.test"), max_size=1), st.lists(REQUESTS, max_size=30)
)
@example([{"host": "*"}, {"host": "10.0.0.1"}], [], [("https", "10.0.0.1", 443, "GET", b"/", b"")])
def test_what_is_never_reached_never_decides(
    entries: list[dict[str, Any]], domains: list[str], requests: list[tuple[Any, ...]]
) -> None:
    kept = [{name: value for name, value in entry.items() if value not in (None, [])} for entry in entries]
    text = yaml.safe_dump({"domains": domains, "url_prefixes": kept}, width=1_000)
    unreached = {f"f:{told.line}" for told in warnings(parse_allowlist(text, "f")) if "never reached" in told.problem}
    policy = of_policy(text).entries
    for scheme, host, port, method, path, query in requests:
        if path == b"*" and (method != "OPTIONS" or query):
            continue
        decided = matching.decide(policy, Asked(scheme, host, port, method, read_target(path + query, method))).entry
        assert decided is None or decided.rule not in unreached, text


PARTS = [*"ab.;:@!$&'()*+,=~-_[]\"{}", "%2F", "%3F", "%20", "%C3%A9", "%2A", "%22", "%EF%BC%8F", "%EF%BC%A1", "%CC%81"]
SEGMENTS = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    st.sampled_from(["GET", "POST", "QUERY", "OPTIONS"]),
    st.sampled_from(["https://new.test", "http://new.test", "https://new.test:8443", "https://no.test"]),
    st.lists(SEGMENTS, max_size=4),
    st.sampled_from(["", "?", "?a=b&c"]),
)
def test_what_is_suggested_allows_it(method: str, origin: str, segments: list[str], query: str) -> None:
    target = "/" + "/".join(segments) + query
    try:
        read_target(target.encode(), method)
    except TargetRefused:
        assume(False)
    suggestion = explain(of_policy(""), method, origin + target).suggestion
    assert suggestion is not None
    try:
        policy = of_policy(suggestion)
    except PolicyErrors as error:
        raise AssertionError(f"{suggestion}\n{error}") from error
    then = explain(policy, method, origin + target)
    assert then.refused is None or then.refused.reason is Reason.UPSTREAM_ADDRESS_REFUSED, suggestion
