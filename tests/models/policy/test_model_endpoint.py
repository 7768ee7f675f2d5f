"""The URL of the model's API, in parts."""

import pytest

from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.anthropic.com/", ANTHROPIC),
        ("https://Gateway.example.com:443", ModelEndpoint(host="gateway.example.com")),
        ("https://bücher.example/a/b-c/", ModelEndpoint(host="xn--bcher-kva.example", path="/a/b-c")),
        ("https://gateway.example.com:8443/x", ModelEndpoint(host="gateway.example.com", port=8443, path="/x")),
    ],
)
def test_what_is_one(url: str, expected: ModelEndpoint) -> None:
    assert ModelEndpoint.parse(url) == expected
    assert ModelEndpoint.parse(expected.url) == expected


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://gateway.example.com", "must be an https URL"),
        ("gateway.example.com", "must be an https URL"),
        ("https:///x", "must be an https URL"),
        ("https://user:key@gateway.example.com", "must not hold a user"),
        ("https://gateway.example.com/?key=1", "must not hold a user, a query"),
        ("https://gateway.example.com/#a", "must not hold a user, a query or a fragment"),
        ("https://10.0.0.1", "must name a host"),
        ("https://*.example.com", "must name a host"),
        ("https://a_b c.example", "is not a host name"),
        ("https://gateway.example.com/a/../b", "its path may hold"),
        ("https://gateway.example.com/a%2fb", "its path may hold"),
        ("https://gateway.example.com/*", "its path may hold"),
        ("https://gateway.example.com:0", "its port must be 1 to 65535"),
        ("https://gateway.example.com:70000", "out of range"),
    ],
)
def test_what_is_none(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ModelEndpoint.parse(url)
