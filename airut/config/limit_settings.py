"""The keys of `limits:` in airut.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from airut.config.reload_class import ReloadClass
from airut.models.base import Model
from airut.models.values.durations import Bytes, Seconds, as_it_is, or_none, parse_duration, parse_size


class SandboxLimitSettings(Model):
    """Of one sandbox. Those that can be taken away are by the word `unlimited`: neither 0 nor null does it."""

    memory: Annotated[Annotated[int, Field(ge=32 * 1024**2)] | None, or_none("unlimited", parse_size)] = 8 * 1024**3
    """Half of the host's, where that is less; without swap."""
    cpus: Annotated[Annotated[float, Field(gt=0)] | None, or_none("unlimited", as_it_is)] = 4.0
    """All of the host's, where they are fewer."""
    pids: Annotated[Annotated[int, Field(ge=16)] | None, or_none("unlimited", as_it_is)] = 1024
    """Processes and threads."""
    time: Annotated[Seconds, Field(ge=10, le=7 * 86400)] = 2 * 3600.0
    """Of one run of the agent."""
    idle: Annotated[Annotated[float, Field(ge=10)] | None, or_none("unlimited", parse_duration)] = 30 * 60.0
    """Without a word from the agent."""
    disk: Annotated[Annotated[int, Field(ge=64 * 1024**2)] | None, or_none("unlimited", parse_size)] = 20 * 1024**3
    """Workspace, storage and home of one thread together."""
    output: Annotated[Bytes, Field(le=2 * 1024**3)] = 512 * 1024**2
    """What one run may say."""


class LimitSettings(SandboxLimitSettings):
    """Limits of one sandbox, and how many sandboxes a host runs at once. Those that can be taken away are by the word
    `unlimited`: neither 0 nor null does it."""

    host_sandboxes: Annotated[Annotated[int, Field(ge=1)] | None, ReloadClass.RESTART] = None
    """At once on one host; null is as many as it has cores, and two at least."""
    enforce: Literal["strict", "best_effort"] = "strict"
    """Whether a host that cannot hold these limits takes no tasks, or takes them without."""
