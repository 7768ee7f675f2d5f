"""UDP on a wildcard address that knows which address was dialled and answers from it (IP_PKTINFO, RFC 3542)."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

IPV6_FREEBIND = 78  # linux/in6.h: answering from an address that only a route makes ours
IP_PKTINFO = 8  # linux/in.h; Python's socket module has the name from 3.14 on
PKTINFO4 = struct.Struct("=I4s4s")  # interface, our address to send from, address dialled
PKTINFO6 = struct.Struct("=16sI")

Endpoint = tuple[str, int]
Receive = Callable[[bytes, Endpoint, Endpoint], Awaitable[bytes | None]]
"""Payload, source, address dialled → the datagram to answer with."""


class UdpListener:
    """Hands each datagram to `receive` and sends what it returns."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._socket: socket.socket | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_DGRAM)
        listening.setblocking(False)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            listening.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        else:
            listening.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        listening.bind((host, port))
        self._socket = listening
        asyncio.get_running_loop().add_reader(listening, self._read, listening)
        return self

    @property
    def port(self) -> int:
        assert self._socket, "not started"
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _read(self, listening: socket.socket) -> None:
        try:
            payload, ancillary, _, source = listening.recvmsg(65535, 1024)
        except OSError:
            return  # an ICMP error for something we sent: nobody's datagram
        local = listening.getsockname()[1]
        for level, kind, data in ancillary:
            if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
                interface, _, dialled = PKTINFO4.unpack(data[: PKTINFO4.size])
                back = (level, kind, PKTINFO4.pack(0, dialled, b"\0" * 4))
                address = socket.inet_ntop(socket.AF_INET, dialled)
            elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                dialled, interface = PKTINFO6.unpack(data[: PKTINFO6.size])
                back = (level, kind, PKTINFO6.pack(dialled, interface))
                address = socket.inet_ntop(socket.AF_INET6, dialled)
            else:
                continue
            task = asyncio.create_task(self._answer(listening, payload, source, (address, local), back))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _answer(
        self,
        listening: socket.socket,
        payload: bytes,
        source: tuple[str, int],
        dialled: Endpoint,
        back: tuple[int, int, bytes],
    ) -> None:
        answer = await self._receive(payload, source[:2], dialled)
        if answer is None:
            return
        with suppress(OSError):  # the asker has gone
            listening.sendmsg([answer], [back], 0, source)
