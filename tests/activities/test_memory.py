"""Waiting for a host to be short of memory."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.memory import MemoryWatch


async def test_enough_is_a_failure_that_says_when_to_look_again(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 1048576 kB\nMemAvailable: 524288 kB\n")
    watch = MemoryWatch(meminfo)
    with pytest.raises(ApplicationError, match="512 of 1024 MiB of memory are left") as raised:
        await ActivityEnvironment().run(watch.wait_for_low_memory)
    failure = raised.value
    assert (failure.type, failure.non_retryable, failure.next_retry_delay, failure.category) == (
        "EnoughMemory",
        False,
        timedelta(seconds=15),
        ApplicationErrorCategory.BENIGN,
    )
    meminfo.write_text("MemTotal: 1048576 kB\nMemAvailable: 65536 kB\n")
    assert await ActivityEnvironment().run(watch.wait_for_low_memory) == "64 of 1024 MiB of memory are left"
