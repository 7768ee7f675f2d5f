"""Which addresses a name may lead to."""

import ipaddress

import pytest

from proxy.block import Reason, Refused
from proxy.upstream import check_addresses, is_public

OWN = (ipaddress.ip_address("10.199.0.2"), ipaddress.ip_address("fd41::2"))


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0", "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
        "168.63.129.16", "100.100.100.200", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "3fff::1", "::ffff:10.0.0.1",
        "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::1", "2001:0:a00:1::1",
        "2001:10::1", "4000::1",
    ],
)  # fmt: skip
def test_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


def check(*addresses: str, entry: str | None = None, private: str | None = None) -> None:
    check_addresses(
        [ipaddress.ip_address(text) for text in addresses],
        entry_ranges=[ipaddress.ip_network(entry)] if entry else [],
        private_ranges=[ipaddress.ip_network(private)] if private else [],
        own=OWN,
    )


def test_one_refused_address_refuses_them_all() -> None:
    with pytest.raises(Refused) as refused:
        check("8.8.8.8", "10.0.0.1")
    assert (refused.value.reason, refused.value.detail) == (Reason.UPSTREAM_ADDRESS_REFUSED, "10.0.0.1")


def test_entry_and_operator_must_both_open_an_address() -> None:
    check("10.20.0.1", entry="10.20.0.0/16", private="10.0.0.0/8")
    check("::ffff:10.20.0.1", entry="10.20.0.0/16", private="10.0.0.0/8")
    for entry, private in ((None, "10.0.0.0/8"), ("10.20.0.0/16", None), ("10.30.0.0/16", "10.0.0.0/8")):
        with pytest.raises(Refused):
            check("10.20.0.1", entry=entry, private=private)


@pytest.mark.parametrize("text", ["169.254.169.254", "100.100.100.200", "168.63.129.16", "0.0.0.0", "10.199.0.2"])
def test_some_stay_refused(text: str) -> None:
    with pytest.raises(Refused):
        check(text, entry="0.0.0.0/0", private="0.0.0.0/0")


def test_no_address_is_not_an_open_door() -> None:
    with pytest.raises(Refused):
        check()
