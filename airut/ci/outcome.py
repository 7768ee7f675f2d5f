"""The exit code of `airut-sandbox run`, and what it says of an end that the command did not choose. Pure."""

import signal

from airut.ci.result import LimitMet
from airut.models.base import Model
from airut.models.hosts.sandbox import ExitStatus, LimitHit, Limits
from airut.models.values.durations import written_duration, written_size

EXIT_TIME = 124
EXIT_SANDBOX = 125

_LIMITS = {LimitHit.TIME: LimitMet.TIME, LimitHit.IDLE: LimitMet.IDLE}


class Outcome(Model):
    code: int
    signal: int | None = None
    limit: LimitMet | None = None
    problem: str | None = None


def outcome(ended: ExitStatus, limits: Limits, received: int | None = None) -> Outcome:
    """`received` is the first signal that we were sent ourselves."""
    if received is not None:
        name = signal.Signals(received).name
        return Outcome(code=128 + received, signal=ended.signal, problem=f"{name} received, the command was ended")
    if ended.tampered:
        problem = "the command's exit status was tampered with, so that nothing is known of its end"
        return Outcome(code=EXIT_SANDBOX, problem=problem)
    if ended.limit is LimitHit.TIME:
        problem = f"time limit of {written_duration(limits.time)} reached, raise limits.time"
        return Outcome(code=EXIT_TIME, signal=ended.signal, limit=LimitMet.TIME, problem=problem)
    if ended.limit is LimitHit.IDLE and limits.idle is not None:
        problem = f"nothing was done for {written_duration(limits.idle)}, raise limits.idle"
        return Outcome(code=EXIT_TIME, signal=ended.signal, limit=LimitMet.IDLE, problem=problem)
    if ended.oom_killed and ended.code:
        limit = (
            "the host has no more"
            if limits.memory is None
            else f"limit {written_size(limits.memory)}, raise limits.memory"
        )
        problem = f"out of memory: {limit}"
        return Outcome(code=ended.code, signal=ended.signal, limit=LimitMet.MEMORY, problem=problem)
    return Outcome(code=ended.code, signal=ended.signal)
