"""Which configuration each process runs by, for whoever looks into the state folder."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from airut.config.generation import Generation
from airut.config.generation_reports import GenerationReport, ProcessReport, reports

FIRST = Generation(digest="a" * 12, since=datetime(2026, 1, 2, tzinfo=UTC), error="x" * 300)
NEXT = Generation(number=2, digest="b" * 12, since=datetime(2026, 1, 3, tzinfo=UTC))


def test_what_is_told_last_counts_for_as_long_as_the_process_lives(tmp_path: Path) -> None:
    assert reports(tmp_path) == ()
    control, intake = GenerationReport(tmp_path, "control"), GenerationReport(tmp_path, "intake")
    assert reports(tmp_path) == ()
    control.tell(FIRST)
    intake.tell(FIRST)
    control.tell(NEXT)  # which is shorter
    process = f"{platform.node()}:{os.getpid()}"
    assert reports(tmp_path) == (
        ProcessReport(name=f"control@{process}", generation=NEXT),
        ProcessReport(name=f"intake@{process}", generation=FIRST),
    )
    control.close()  # as the kernel does when the process ends
    assert [each.name for each in reports(tmp_path)] == [f"intake@{process}"]
    intake.close()
