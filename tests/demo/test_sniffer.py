"""Packets as they are counted."""

import socket
import struct

import pytest

from airut.demo.sniffer import Sniffer

SOURCE, TARGET = "198.51.100.1", "203.0.113.9"
SOURCE6, TARGET6 = "2001:db8::1", "2001:db8::9"


def ipv4(protocol: int, payload: bytes, options: bytes = b"") -> bytes:
    length = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | length // 4, 0, length + len(payload), 0, 0, 64, protocol, 0)
    return head + socket.inet_aton(SOURCE) + socket.inet_aton(TARGET) + options + payload


def ipv6(header: int, payload: bytes) -> bytes:
    addresses = (socket.inet_pton(socket.AF_INET6, address) for address in (SOURCE6, TARGET6))
    return struct.pack("!IHBB", 6 << 28, len(payload), header, 64) + b"".join(addresses) + payload


PORTS = struct.pack("!HH", 40000, 853)


@pytest.mark.parametrize(
    ("packet", "flow"),
    [
        (ipv4(6, PORTS), ("tcp", SOURCE, TARGET, 853)),
        (ipv4(17, PORTS, options=b"\1" * 8), ("udp", SOURCE, TARGET, 853)),
        (ipv4(1, b"\x08\0\0\0"), ("icmp", SOURCE, TARGET, None)),
        (ipv4(47, b"\0\0\0\0"), ("47", SOURCE, TARGET, None)),
        (ipv4(6, b"\0"), ("tcp", SOURCE, TARGET, None)),
        (ipv6(17, PORTS), ("udp", SOURCE6, TARGET6, 853)),
        (ipv6(58, b"\x80\0\0\0"), ("icmpv6", SOURCE6, TARGET6, None)),
        (ipv6(58, b"\x87\0\0\0"), None),  # neighbour solicitation
        (b"\x00\x01", None),
    ],
)
def test_flows(packet: bytes, flow: tuple[str, str, str, int | None] | None) -> None:
    sniffer = Sniffer()
    sniffer.take(packet)
    sniffer.take(packet)
    seen = [(found.protocol, found.source, found.address, found.port, found.packets) for found in sniffer.flows]
    assert seen == ([(*flow, 2)] if flow else [])
