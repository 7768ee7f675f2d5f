"""When a service that was started anew counts as well."""

import pytest

from airut.operations.update import watching
from airut.operations.update.watching import fault


class Script:
    """Each look is the next of these: systemd's word, and what runs."""

    def __init__(self, *looks: tuple[str, str]) -> None:
        self._left = list(looks)
        self._now = looks[0]

    def state(self) -> str:
        if self._left:
            self._now = self._left.pop(0)
        return self._now[0]

    def processes(self) -> frozenset[str]:
        return frozenset(self._now[1].split())


class Clock:
    """Time that goes by where somebody waits, and nowhere else."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "time", Clock())


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ((("active", "control@h:2"),), None),
        ((("active", "control@h:1"), ("activating", ""), ("active", "control@h:2")), None),  # the old one first
        ((("activating", ""),), "the service does not come up (activating)"),
        ((("activating", ""), ("failed", "")), "the service does not come up (failed)"),
        ((("active", "a@h:2"), ("active", "a@h:2"), ("activating", "")), "the service does not stay up (activating)"),
        (
            (
                ("active", "control@h:2"),
                ("active", "control@h:2"),
                ("active", "control@h:2"),
                ("active", "control@h:3"),
            ),
            "control ended and was started again",
        ),
    ],
)
def test_looks(looks: tuple[tuple[str, str], ...], said: str | None) -> None:
    words: list[str] = []
    assert fault(Script(*looks), frozenset({"control@h:1"}), words.append) == said
    assert words == ([] if said and "come up" in said else ["it is up; watching it for 60 s"])
