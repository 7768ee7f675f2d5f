"""That an installation was restored to an earlier state, and from which number on its threads count tasks since.

An answer is known by its task's number: as Message-ID to mail programs, to folders of sent mail, to Slack. What was
answered between a backup and its restore is forgotten, so its numbers must not be given again (docs/adr/0028).
"""

from datetime import UTC, datetime
from pathlib import Path

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def mark(state: Path, now: datetime) -> None:
    """From now on tasks have numbers above the minutes since 2026 began: no thread has had as many before, and after
    another restore it is more."""
    (state / "restored").write_text(f"{int((now - BEGINNING).total_seconds()) // 60}\n")


def numbers_above(state: Path) -> int:
    """0 where it was never restored."""
    try:
        return int((state / "restored").read_text())
    except FileNotFoundError:
        return 0
