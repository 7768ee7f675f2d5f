"""Which configuration a process runs by, as it tells others."""

from datetime import datetime

from airut.models.base import Model


class Generation(Model):
    """`number` counts from 1 in each process; the same `digest` is the same configuration, wherever it was read."""

    number: int = 1
    digest: str
    since: datetime
    error: str | None = None
    """Why the file as it is now is not in effect; this generation is."""
    pending: tuple[str, ...] = ()
    """Keys whose new value takes effect with the next start."""
    kept: tuple[str, ...] = ()
    """What goes on as it was, since the new one failed: a line for each."""
