"""When a changed key of `airut.yaml` takes effect without a restart, and when not (spec: operations §1.1)."""

from enum import StrEnum


class ReloadClass(StrEnum):
    """Stands in the annotation of a field, and holds for all keys below it that carry none of their own. The value of a
    secret is live wherever it stands, unless its own field says otherwise."""

    LIVE = "live"
    """At once."""
    TASK = "task"
    """For each task that begins from then on."""
    CHANNEL = "channel"
    """The repository's listener or schedule is replaced; where the new one fails, the old one goes on."""
    RESTART = "restart"
    """With the next start of the process; until then it is told as pending."""
