"""How a run's end becomes an exit code and a sentence."""

import signal

import pytest

from airut.ci.outcome import Outcome, outcome
from airut.ci.result import LimitMet
from airut.models.hosts.sandbox import ExitStatus, LimitHit, Limits

LIMITS = Limits(memory=4 * 1024**3, time=1800, idle=600)
OUT_OF_MEMORY = "out of memory: limit 4g, raise limits.memory"


@pytest.mark.parametrize(
    ("ended", "received", "expected"),
    [
        (ExitStatus(code=0), None, Outcome(code=0)),
        (ExitStatus(code=7), None, Outcome(code=7)),
        (ExitStatus(code=127), None, Outcome(code=127)),
        (ExitStatus(code=139, signal=11), None, Outcome(code=139, signal=11)),
        (ExitStatus(code=137, signal=9), None, Outcome(code=137, signal=9)),
        (
            ExitStatus(code=137, signal=9, oom_killed=True),
            None,
            Outcome(code=137, signal=9, limit=LimitMet.MEMORY, problem=OUT_OF_MEMORY),
        ),
        # A part of it was killed, and the command has made its own exit code of that, or went on.
        (
            ExitStatus(code=2, oom_killed=True),
            None,
            Outcome(code=2, limit=LimitMet.MEMORY, problem=OUT_OF_MEMORY),
        ),
        (ExitStatus(code=0, oom_killed=True), None, Outcome(code=0)),
        (
            ExitStatus(code=130, signal=2, limit=LimitHit.TIME),
            None,
            Outcome(
                code=124,
                signal=2,
                limit=LimitMet.TIME,
                problem="time limit of 30m reached, raise limits.time",
            ),
        ),
        (
            ExitStatus(code=0, limit=LimitHit.IDLE),
            None,
            Outcome(code=124, limit=LimitMet.IDLE, problem="nothing was done for 10m, raise limits.idle"),
        ),
        (
            ExitStatus(code=0, tampered=True),
            None,
            Outcome(
                code=125,
                problem="the command's exit status was tampered with, so that nothing is known of its end",
            ),
        ),
        (
            ExitStatus(code=0),
            signal.SIGINT,
            Outcome(code=130, problem="SIGINT received, the command was ended"),
        ),
        (
            ExitStatus(code=143, signal=15),
            signal.SIGTERM,
            Outcome(code=143, signal=15, problem="SIGTERM received, the command was ended"),
        ),
    ],
)
def test_an_end(ended: ExitStatus, received: int | None, expected: Outcome) -> None:
    assert outcome(ended, LIMITS, received) == expected


def test_memory_without_a_limit() -> None:
    ended = outcome(ExitStatus(code=137, signal=9, oom_killed=True), Limits(memory=None))
    assert ended.problem == "out of memory: the host has no more"
