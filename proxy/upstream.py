"""Which addresses a name may lead to (network.md §3.1). Pure; `resolver.py` asks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from proxy.block import Reason, Refused
from proxy.rules import IPNetwork

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def _networks(*texts: str) -> tuple[IPNetwork, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# IANA special-purpose registries (RFC 6890), written out: what Python's is_global means changes with its version.
_NOT_PUBLIC = _networks(
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
    "2001::/23", "2001:db8::/32", "3fff::/20",
)  # fmt: skip
_GLOBAL_UNICAST_V6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# No private range opens these: cloud metadata and its like, and what can never be one host's own address.
_NEVER = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "224.0.0.0/4",
    "255.255.255.255/32",
    "::/128", "fe80::/10", "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128", "ff00::/8",
)  # fmt: skip


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the open internet's, in every form it can take."""
    if _within(address, _NEVER) or _within(address, _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address.sixtofour is not None:
        return is_public(address.sixtofour)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(address.packed[-4:]))
    return address in _GLOBAL_UNICAST_V6


def _within(address: IPAddress, networks: Iterable[IPNetwork]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _plain(address: IPAddress) -> IPAddress:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def check_addresses(
    addresses: Sequence[IPAddress],
    *,
    entry_ranges: Iterable[IPNetwork],
    private_ranges: Iterable[IPNetwork],
    own: Sequence[IPAddress],
) -> None:
    """Refuses the whole answer if one address in it is neither public nor opened by entry and operator alike.

    Raises:
        Refused: an address is not public, always refused, or our own; or there is none.
    """
    if not addresses:
        raise Refused(Reason.UPSTREAM_UNREACHABLE, "the name has no address")
    entry_ranges, private_ranges = tuple(entry_ranges), tuple(private_ranges)
    for address in addresses:
        plain = _plain(address)
        opened = _within(plain, entry_ranges) and _within(plain, private_ranges) and not _within(plain, _NEVER)
        if plain in own or not (opened or is_public(address)):
            raise Refused(Reason.UPSTREAM_ADDRESS_REFUSED, str(address))
