"""sd_notify(3): what a service tells whoever started it, as lines in a datagram."""

import os
import socket
from collections.abc import Mapping, MutableMapping

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"
OURS = {SOCKET: "AIRUT_NOTIFY_SOCKET", WATCHDOG: "AIRUT_WATCHDOG_USEC"}
"""Names that nobody else looks for: Podman would speak for us, and hand the socket to containers."""


def adopt(environment: MutableMapping[str, str], process: int | None = None) -> None:
    """Keep for this process what it was given to speak with; what it starts finds nothing."""
    watched = environment.pop(WATCHDOG_PID, None)
    if watched is not None and watched != str(process or os.getpid()):
        environment.pop(WATCHDOG, None)
    for name, ours in OURS.items():
        environment.pop(ours, None)
        if (value := environment.pop(name, None)) is not None:
            environment[ours] = value


def hand_on(environment: MutableMapping[str, str]) -> None:
    """The opposite: for the program that takes this process's place."""
    for name, ours in OURS.items():
        if (value := environment.pop(ours, None)) is not None:
            environment[name] = value


def tell(*lines: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody was told. That nobody listens, or not any more, is no error: the service goes on."""
    address = environment.get(OURS[SOCKET], "")
    if address[:1] not in ("/", "@"):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
        client.settimeout(1)  # a full queue: the next word comes soon
        try:
            client.connect("\0" + address[1:] if address[0] == "@" else address)
            client.send("\n".join(lines).encode())
        except OSError:
            return False
    return True


def status(text: str) -> str:
    """The line by which `systemctl status` shows what is going on."""
    return f"STATUS={' '.join(text.split())}"


def watchdog(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds within which it has to be told that this process is alive; None where nobody watches it."""
    limit = environment.get(OURS[WATCHDOG], "")
    return int(limit) / 1_000_000 if limit.isdecimal() and int(limit) else None
