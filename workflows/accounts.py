"""Which of several accounts at the model's provider a task uses (spec: credentials §7.2). Pure."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.base import Model


class Accounts(Model):
    """The one that is used, in the order of the configuration, and until when others are used up."""

    current: int = 0
    limited: dict[int, datetime] = {}

    def after_limit(self, count: int, until: datetime, now: datetime) -> tuple["Accounts", datetime | None]:
        """The one that is used is used up until then. Of `count` accounts the next one, in turn, that is not; or where
        all are, the one that renews first, and when that is."""
        limited = {**self.limited, self.current: until}
        in_turn = [(self.current + step) % count for step in range(1, count + 1)]
        free = next((account for account in in_turn if limited.get(account, now) <= now), None)
        if free is not None:
            return Accounts(current=free, limited=limited), None
        first = min(in_turn, key=lambda account: limited[account])
        return Accounts(current=first, limited=limited), limited[first]
