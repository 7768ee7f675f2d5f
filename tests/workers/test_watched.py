"""`airut up` tells systemd what its parts tell it."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from airut.adapters.systemd_notify import adopt
from workers import watched
from workers.supervisor import Part, keep_running
from workers.watched import environment, hearing, keep_telling

PART = """
import os, sys, time
from airut.adapters.systemd_notify import adopt, tell
adopt(os.environ)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
tell("READY=1")
for word in range(int(sys.argv[2])):
    tell("WATCHDOG=1")
    time.sleep(0.1)
time.sleep(60)
"""


class Systemd:
    """The socket that a service of `Type=notify` gets."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    async def hears(self, line: str, limit: float = 60.0) -> None:
        async with asyncio.timeout(limit):
            while line not in (await asyncio.get_running_loop().sock_recv(self._socket, 1000)).decode().split("\n"):
                pass

    def close(self) -> None:
        self._socket.close()


async def test_it_is_ready_once_all_parts_are_and_alive_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    adopt(os.environ)
    stop, hurry = asyncio.Event(), asyncio.Event()
    telling = asyncio.create_task(keep_telling())
    async with hearing(["one", "two"]) as heard:
        await systemd.hears("STATUS=starting: one, two")
        keeping = [_keep(name, tmp_path / name, stop, hurry, heard[name]) for name in ("one", "two")]
        await systemd.hears("READY=1")
        await systemd.hears("WATCHDOG=1")
        await systemd.hears("WATCHDOG=1")
        stop.set()
        hurry.set()
        await asyncio.gather(*keeping)
    telling.cancel()
    systemd.close()
    os.environ.pop("AIRUT_NOTIFY_SOCKET")
    os.environ.pop("AIRUT_WATCHDOG_USEC")


async def test_a_part_that_is_not_heard_any_more_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watched, "HUNG", 0.5)  # a minute would only make the test slow
    stop, hurry, file = asyncio.Event(), asyncio.Event(), tmp_path / "pids"
    async with hearing(["one"]) as heard:
        keeping = _keep("one", file, stop, hurry, heard["one"], words=2)
        async with asyncio.timeout(60):
            while not file.exists() or len(file.read_text().split()) < 2:
                await asyncio.sleep(0.05)
        stop.set()
        hurry.set()
        await keeping
    assert "one: has not moved for" in caplog.text


def test_a_part_speaks_to_us_and_to_nobody_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRUT_NOTIFY_SOCKET", "/run/systemd")
    assert "AIRUT_NOTIFY_SOCKET" not in environment(None)
    given = environment(watched.Heard(tmp_path / "one"))
    assert (given["NOTIFY_SOCKET"], given["WATCHDOG_USEC"]) == (str(tmp_path / "one"), "60000000")


def _keep(
    name: str, file: Path, stop: asyncio.Event, hurry: asyncio.Event, heard: watched.Heard, words: int = 1000
) -> asyncio.Task[None]:
    part = Part(name=name, command=(sys.executable, "-c", PART, str(file), str(words)))
    return asyncio.create_task(keep_running(part, stop, hurry, {}, heard))
