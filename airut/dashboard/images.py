"""The image of a repository, as each host has told of it lately. Pure."""

from collections.abc import Sequence
from datetime import datetime

from airut.models.base import Model
from airut.models.hosts.image import BuiltImage
from airut.ports.health import HealthReport


class HostImage(Model):
    """`image` is None where the host has none for this repository; it is built before the first task there."""

    host: str
    image: BuiltImage | None


def images_of(repo: str, reports: Sequence[HealthReport], now: datetime) -> tuple[HostImage, ...]:
    """By host; one that does not know what it has, or has been silent, is left out."""
    told = [report.host for report in reports if report.host is not None and not report.is_silent(now)]
    return tuple(
        HostImage(host=host.host, image=next((each for each in host.images if each.repo == repo), None))
        for host in told
        if host.images is not None
    )
