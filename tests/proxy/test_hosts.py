"""One spelling for each host."""

import pytest

from proxy.hosts import HostError, canonical, split_authority, to_authority


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("_srv.example.com", "_srv.example.com"),
    ],
)
def test_canonical(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ".", "a..b", "-a.example", "a b", "user@example.com", "example.com/", "0x7f.1", "127.1", "1.2.3.256",
     "2130706433", "2001:db8::1", "[::1%lo]", "[::1", "a" * 64 + ".example", "a.example..", "exa\0mple.com"],
)  # fmt: skip
def test_not_a_host(text: str) -> None:
    with pytest.raises(HostError):
        canonical(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.test", ("a.test", 443)), ("a.test:8443", ("a.test", 8443)), ("[::1]:80", ("::1", 80))],
)
def test_authority(text: str, expected: tuple[str, int]) -> None:
    assert split_authority(text, 443) == expected
    assert split_authority(to_authority(*expected, 443), 443) == expected


@pytest.mark.parametrize("text", ["a.test:", "a.test:0", "a.test:65536", "a.test:x", "a:b@c", "a.test:80:80", ":80"])
def test_not_an_authority(text: str) -> None:
    with pytest.raises(HostError):
        split_authority(text, 443)
