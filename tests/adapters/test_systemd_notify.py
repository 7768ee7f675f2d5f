"""sd_notify(3), over a real socket."""

import os
import socket
import uuid
from pathlib import Path

import pytest

from airut.adapters.systemd_notify import ALIVE, READY, adopt, hand_on, status, tell, watchdog


@pytest.mark.parametrize("abstract", [False, True])
def test_what_is_told_arrives(tmp_path: Path, abstract: bool) -> None:
    address = f"@airut-{uuid.uuid4()}" if abstract else str(tmp_path / "notify")
    environment = {"NOTIFY_SOCKET": address}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + address[1:] if abstract else address)
        adopt(environment)
        assert tell(READY, status("well\nup"), environment=environment)
        assert systemd.recv(1000) == b"READY=1\nSTATUS=well up"
    assert not tell(ALIVE, environment=environment)  # nobody listens any more
    assert not tell(ALIVE, environment={})


def test_what_we_start_cannot_speak_for_us() -> None:
    environment = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}
    adopt(environment)
    assert environment == {"AIRUT_NOTIFY_SOCKET": "/run/notify", "AIRUT_WATCHDOG_USEC": "60000000"}
    adopt(environment)  # in a child that was given nothing
    assert environment == {}


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
    ],
)
def test_the_watchdog(given: dict[str, str], seconds: float | None) -> None:
    environment = dict(given)
    adopt(environment, process=7)
    assert watchdog(environment) == seconds


def test_the_program_that_takes_our_place_is_given_what_we_were() -> None:
    given = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "60000000", "PATH": "/bin"}
    environment = dict(given)
    adopt(environment)
    hand_on(environment)
    assert environment == given
