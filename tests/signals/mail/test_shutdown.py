"""An intake ends at once, wherever it waits."""

import asyncio
import time
from pathlib import Path

import pytest

from signals.mail.status import MailboxState
from tests.signals.mail.faulty import FIRST, channel, serving
from tests.signals.mail.intake_bench import Running
from tests.support.imap_server import Faults


@pytest.mark.parametrize(
    ("faults", "imap", "state"),
    [
        (Faults(), {}, "IDLE"),
        (Faults(), {"idle": False, "poll_interval": 60}, "poll"),
        (Faults(at=1, kind="stall"), {"command_timeout": 60, "connect_timeout": 60}, "connecting"),
        (Faults(at=15, kind="stall"), {"command_timeout": 60}, "a command"),
        (Faults(hang_ups=1000), {}, "waiting for the next try"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_shutdown_from_any_wait(tmp_path: Path, faults: Faults, imap: dict[str, object], state: str) -> None:
    async with serving(faults) as server:
        intake = Running(channel(server, **imap), tmp_path)
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await intake.intake.drain()
        await intake.stop()
        assert time.monotonic() - began < 20  # none of these waits ends by itself sooner


async def test_shutdown_while_temporal_is_away(tmp_path: Path) -> None:
    async with serving(Faults(), FIRST) as server:
        intake = Running(channel(server), tmp_path)
        intake.temporal.down = ConnectionError("refused")
        await intake.until(MailboxState.DEGRADED, "temporal")
        await intake.intake.drain()
        await intake.stop()
        assert [each.raw for each in server.folders["INBOX"].values()] == [FIRST]
