"""How many mails are taken of one sender, and of all (spec: email §3). Pure."""

from collections import deque
from datetime import datetime, timedelta
from typing import Literal

from airut.models.base import Model
from airut.models.mail.settings import MailLimits
from airut.models.values.rate import Rate

NoticeReason = Literal["rate", "unauthorized"]
NOTICE_EVERY: dict[NoticeReason, timedelta] = {"rate": timedelta(hours=1), "unauthorized": timedelta(days=1)}
"""Whoever writes too much must not make us do the same."""
TOLD_MOST = 1000
"""Senders that are told within these times: anybody on the Internet may be turned away, and each is a mail of ours."""


class Excess(Model):
    """A mail above a limit."""

    limit: Rate
    sent: int
    """Mails within the limit's time, this one included."""
    of_all: bool
    """The repository's limit, and not the sender's own."""
    again: datetime
    """When the next one will be taken."""

    @property
    def detail(self) -> str:
        return f"above {'limits.per_repo' if self.of_all else 'limits.per_sender'}: {self.limit}"

    @property
    def words(self) -> str:
        whose = "this address has had" if self.of_all else "you have sent"
        return (
            f"**Your mail was not taken: {whose} {self.sent} mails within {self.limit.span}, and at most "
            f"{self.limit.most} are taken.** Send it again after {self.again:%Y-%m-%d %H:%M} UTC. What you send before "
            "then is not taken either, and not answered."
        )


class Rates:
    """What was taken of late. A mail counts by when it arrived, whenever we read it."""

    def __init__(self, limits: MailLimits) -> None:
        self._per_sender = limits.per_sender
        self._per_repo = limits.per_repo
        self._taken: deque[tuple[datetime, str]] = deque()
        self._told: dict[tuple[NoticeReason, str], datetime] = {}

    @property
    def reach(self) -> timedelta:
        """How far back what was taken still counts."""
        return timedelta(seconds=max(self._per_sender.seconds, self._per_repo.seconds))

    def count(self, sender: str, at: datetime) -> None:
        """A mail was taken."""
        self._taken.append((at, sender))
        while self._taken[0][0] <= at - self.reach:
            self._taken.popleft()

    def excess(self, sender: str, at: datetime) -> Excess | None:
        """Why a mail that arrived then is above a limit; None when it is not."""
        if len(self._taken) < min(self._per_sender.most, self._per_repo.most):
            return None  # nearly always: nothing has to be counted
        own = [moment for moment, who in self._taken if who == sender]
        everybody = [moment for moment, _ in self._taken]
        return _excess(self._per_sender, own, at, of_all=False) or _excess(self._per_repo, everybody, at, of_all=True)

    def is_told(self, reason: NoticeReason, sender: str, now: datetime) -> bool:
        """Whether this sender knows already, or too many do."""
        last = self._told.get((reason, sender))
        return len(self._recent(now)) >= TOLD_MOST or (last is not None and now - last < NOTICE_EVERY[reason])

    def told(self, reason: NoticeReason, sender: str, now: datetime) -> None:
        self._told = self._recent(now)
        self._told[reason, sender] = now

    def _recent(self, now: datetime) -> dict[tuple[NoticeReason, str], datetime]:
        return {key: when for key, when in self._told.items() if now - when < NOTICE_EVERY[key[0]]}


def _excess(limit: Rate, taken: list[datetime], at: datetime, *, of_all: bool) -> Excess | None:
    span = timedelta(seconds=limit.seconds)
    within = sorted(moment for moment in taken if at - span < moment <= at)
    if len(within) < limit.most:
        return None
    return Excess(limit=limit, sent=len(within) + 1, of_all=of_all, again=within[-limit.most] + span)
