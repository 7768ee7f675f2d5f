"""Every packet that comes in over the wire, whatever its protocol or port: what no listener would see.

Needs CAP_NET_RAW, which the lab grants; without it nothing is seen, and the report says so.
"""

import asyncio
import ctypes
import socket
import struct
import time
from contextlib import suppress
from typing import Self

from airut.demo.records import Flow

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD  # linux/if_ether.h
SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python has no name for it
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}
WITH_PORTS = (6, 17, 132)
# RFC 4861 and RFC 3810: how IPv6 neighbours find each other, which says nothing about where anybody wanted to go.
NEIGHBOURLY = (130, 131, 132, 133, 134, 135, 136, 137, 143)
MOST_FLOWS = 50_000  # a port scan of one address fits; a flood does not fill the memory

# Classic BPF over the network header: incoming IP only, and of TCP only the packets that open a connection (SYN without
# ACK), so that a big download costs nothing here. (code, jump if true, jump if false, value)
FILTER = (
    (0x30, 0, 0, 0xFFFFF004), (0x15, 14, 0, 4),  # packet type: outgoing → drop
    (0x28, 0, 0, 0xFFFFF000), (0x15, 0, 5, ETH_P_IP),
    (0x30, 0, 0, 9), (0x15, 0, 9, 6),  # IPv4 protocol: not TCP → keep
    (0xB1, 0, 0, 0), (0x50, 0, 0, 13), (0x05, 0, 0, 4),  # flags behind a header of any length
    (0x15, 0, 6, ETH_P_IPV6),  # neither → drop
    (0x30, 0, 0, 6), (0x15, 0, 3, 6),  # IPv6 next header: not TCP → keep
    (0x30, 0, 0, 53),
    (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02),
    (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0),
)  # fmt: skip


class Sniffer:
    """Collects flows: packets from one source to one address, protocol and port."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._flows: dict[tuple[str, str, str, int | None], Flow] = {}

    def start(self) -> Self:
        try:
            listening = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        except PermissionError:
            return self
        program = b"".join(struct.pack("HBBI", *instruction) for instruction in FILTER)
        kept = ctypes.create_string_buffer(program)
        pointer = struct.pack("@HP", len(FILTER), ctypes.addressof(kept))
        listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, pointer)
        listening.setblocking(False)
        with suppress(BlockingIOError):
            while True:  # what came in before the filter was there
                listening.recv(1)
        asyncio.get_running_loop().add_reader(listening, self._read, listening)
        self._socket = listening
        return self

    async def close(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    @property
    def running(self) -> bool:
        return self._socket is not None

    @property
    def flows(self) -> tuple[Flow, ...]:
        """In the order of their first packets."""
        if self._socket:
            self._read(self._socket)  # what has come in counts, even if the loop was busy
        return tuple(self._flows.values())

    def reset(self) -> None:
        self._flows.clear()

    def _read(self, listening: socket.socket) -> None:
        while True:
            try:
                packet, (interface, *_) = listening.recvfrom(128)
            except OSError:
                return
            if interface != "lo":
                self.take(packet)

    def take(self, packet: bytes) -> None:
        """Count an IP packet."""
        key = _parsed(packet)
        if key is None:
            return
        known = self._flows.get(key)
        if known:
            self._flows[key] = known.model_copy(update={"packets": known.packets + 1})
        elif len(self._flows) < MOST_FLOWS:
            protocol, source, address, port = key
            self._flows[key] = Flow(at=time.time(), protocol=protocol, source=source, address=address, port=port)


def _parsed(packet: bytes) -> tuple[str, str, str, int | None] | None:
    """Protocol, source, destination and port; None for what is no IP or only neighbourly."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        number, start = packet[9], (packet[0] & 0x0F) * 4
        family, source, address = socket.AF_INET, packet[12:16], packet[16:20]
    elif len(packet) >= 40 and packet[0] >> 4 == 6:
        number, start = packet[6], 40
        family, source, address = socket.AF_INET6, packet[8:24], packet[24:40]
        if number == 0 or (number == 58 and packet[start] in NEIGHBOURLY):  # 0: MLD's hop-by-hop header
            return None
    else:
        return None
    ports = packet[start : start + 4]
    port = struct.unpack("!HH", ports)[1] if number in WITH_PORTS and len(ports) == 4 else None
    name = PROTOCOLS.get(number, str(number))
    return name, socket.inet_ntop(family, source), socket.inet_ntop(family, address), port
