"""How the channels and hosts of the configuration fare, from what processes have told. Pure."""

from collections.abc import Sequence
from datetime import datetime

from airut.config.repo_schema import RepoConfig
from airut.ports.health import ChannelHealth, HealthReport, HostHealth

UNKNOWN = "unknown"
"""The state of a channel that no running process tells of."""


def channels_of(
    repo: str, config: RepoConfig, reports: Sequence[HealthReport], now: datetime
) -> tuple[ChannelHealth, ...]:
    """One for each channel that has something that could fail."""
    lately = (each for report in reports if not report.is_silent(now) for each in report.channels)
    told = {each.channel: each for each in lately if each.repo == repo}
    silent = "no intake tells of it; is one running?"
    names = [name for name in ("email", "slack") if getattr(config.channels, name) is not None]
    return tuple(
        told.get(name) or ChannelHealth(repo=repo, channel=name, state=UNKNOWN, since=now, reason=silent)
        for name in names
    )


def host_health(host: str, reports: Sequence[HealthReport], now: datetime) -> HostHealth | None:
    """What a host has told of itself lately."""
    lately = (report.host for report in reports if not report.is_silent(now))
    return next((found for found in lately if found is not None and found.host == host), None)
