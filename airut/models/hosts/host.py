"""A sandbox host as Temporal knows it: whether it takes new threads."""

from datetime import datetime

from airut.models.base import Model


class HostInput(Model):
    host: str
    drained: bool = False


class HostUp(Model):
    """The host's worker has started, and takes no new threads until it is told to."""

    drain: bool = False
    """Whether it was started so as to take none at all."""


class DrainOrder(Model):
    drain: bool
    """False undoes it."""


class HostStatus(Model):
    host: str
    drained: bool
    since: datetime
    reached: bool
    """Whether its worker has been told. One that is away is told when it is back."""


class PlacementOrder(Model):
    """Whether a host's worker takes new threads."""

    open: bool
