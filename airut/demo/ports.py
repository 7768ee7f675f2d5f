"""Ports for servers that are started now."""

import contextlib
import socket

LOOPBACK, EVERY_ADDRESS = "127.0.0.1", "0.0.0.0"


def free_port(address: str = LOOPBACK) -> int:
    """One that nothing listens on right now."""
    (port,) = free_ports(1, address)
    return port


def free_ports(count: int, address: str = LOOPBACK) -> list[int]:
    """Bound together first, so that no two are the same: asked for one by one, they are once in some thousand times."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((address, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
