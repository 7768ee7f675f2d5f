"""Addresses: which subnets are tried, in which order."""

import ipaddress

from airut.adapters.podman.network import Subnet, candidates, parse_routes

POOL = ipaddress.IPv4Network("10.199.0.0/16")
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000C70A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


def test_every_subnet_once_from_a_place_of_its_own() -> None:
    first, second = (list(candidates(POOL, name)) for name in ("airut-aaaaaaaaaaaa", "airut-bbbbbbbbbbbb"))
    assert len(first) == len({subnet.network for subnet in first}) == 4096
    assert {subnet.network for subnet in first} == {subnet.network for subnet in second}
    assert first[0] != second[0]
    assert first == list(candidates(POOL, "airut-aaaaaaaaaaaa"))


def test_what_the_host_routes_is_left_out() -> None:
    routes = parse_routes(ROUTES)
    assert routes == [ipaddress.IPv4Network("10.199.0.0/24")]
    assert len(list(candidates(POOL, "airut-x", routes))) == 4096 - 16


def test_a_route_to_all_of_the_pool_leaves_nothing() -> None:
    assert list(candidates(POOL, "airut-x", [ipaddress.IPv4Network("10.0.0.0/8")])) == []


def test_addresses_of_both_families() -> None:
    subnet = Subnet.parse("10.199.7.32/28 fd41:726b:ac7:720::/64")
    assert (subnet.proxies, subnet.agents) == (
        ["10.199.7.34", "fd41:726b:ac7:720::2"],
        ["10.199.7.35", "fd41:726b:ac7:720::3"],
    )
    assert subnet.proxy6 == "fd41:726b:ac7:720::2"
    assert Subnet.parse(str(subnet)) == subnet
    plain = Subnet.parse("10.199.7.32/28")
    assert (plain.proxies, plain.proxy6, str(plain)) == (["10.199.7.34"], None, "10.199.7.32/28")


def test_addresses_of_a_sandbox() -> None:
    subnet = Subnet.parse("10.199.7.32/28")
    assert (subnet.proxy, subnet.agent) == ("10.199.7.34", "10.199.7.35")
    assert (str(subnet.inside), str(subnet.outside)) == ("10.199.7.32/29", "10.199.7.40/29")
