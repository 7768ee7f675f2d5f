"""When a call of the Web API may go (spec: slack §12; https://docs.slack.dev/apis/web-api/rate-limits). Pure.

Slack counts the calls of each method, in each workspace, by the method's tier. What it refuses closes the method for as
long as it says, for everybody in this process; whoever waits goes by urgency, and among equals in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

TIERS = {2: 20.0, 3: 50.0, 4: 100.0}
"""Calls a minute that Slack lets pass at least."""
SPECIAL = 300.0
"""Calls a minute of methods with rules of their own: *several hundred* in a workspace."""
CHANNEL = 60.0
"""Messages a minute into one channel: *one a second*."""
RESTRICTED = 1.0
"""Calls a minute of what reads back, for an app that is distributed outside Slack's Marketplace."""
READING_BACK = frozenset({"conversations.history", "conversations.replies"})
_TIER = {
    "conversations.list": 2,
    "reactions.remove": 2,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "chat.postEphemeral": 4,
    "files.completeUploadExternal": 4,
    "files.getUploadURLExternal": 4,
    "files.info": 4,
    "users.info": 4,
    "views.open": 4,
    "views.update": 4,
}
"""By https://docs.slack.dev/reference/methods; what is not here is of the third."""
_SPECIAL = frozenset({"auth.test", "chat.postMessage"})


class Urgency(IntEnum):
    """Who goes first where not everybody can."""

    ANSWER = 0
    """Answers and questions, and whatever somebody waits for."""
    BUTTON = 1
    PROGRESS = 2
    BACKFILL = 3


@dataclass
class Bucket:
    """Fills by `a_minute`, up to `most`; each call takes one. Times in seconds."""

    a_minute: float
    most: float
    at: float
    closed: float = float("-inf")
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.most

    def wait(self, now: float, ahead: int) -> float:
        """Until there is one for whoever has so many before it."""
        self._fill(now)
        missing = ahead + 1 - self.left
        return max(self.closed - now, 0.0) + max(missing, 0.0) * 60 / self.a_minute

    def take(self, now: float) -> None:
        self._fill(now)
        self.left -= 1

    def close(self, now: float, seconds: float) -> None:
        """For so long nothing goes, and nothing fills: Slack counts otherwise than we do."""
        self._fill(now)
        self.closed = self.at = max(self.closed, now + seconds)
        self.left = min(self.left, 1.0)

    def _fill(self, now: float) -> None:
        if now > self.at:
            self.left = min(self.most, self.left + (now - self.at) * self.a_minute / 60)
            self.at = now


@dataclass(frozen=True)
class Turn:
    """A call that wants to go."""

    urgency: Urgency
    number: int
    buckets: tuple[str, ...]

    def before(self, other: "Turn") -> bool:
        return (self.urgency, self.number) < (other.urgency, other.number)


class RateLimits:
    """Of one workspace; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], *, restricted: bool = False) -> None:
        self._clock = clock
        self._restricted = restricted
        self._buckets: dict[str, Bucket] = {}
        self._waiting: set[Turn] = set()
        self._asked = 0

    def ask(self, method: str, channel: str, urgency: Urgency) -> Turn:
        """Get in line; end with `go` or `leave`."""
        self._asked += 1
        names = (method, f"into {channel}") if method == "chat.postMessage" and channel else (method,)
        turn = Turn(urgency, self._asked, names)
        self._waiting.add(turn)
        return turn

    def wait(self, turn: Turn) -> float:
        """Seconds until it may go, as far as can be told now; 0 is now."""
        now = self._clock()
        return max(self._bucket(name, now).wait(now, self._ahead(turn, name)) for name in turn.buckets)

    def go(self, turn: Turn) -> None:
        """It goes."""
        self.leave(turn)
        now = self._clock()
        for name in turn.buckets:
            self._bucket(name, now).take(now)

    def leave(self, turn: Turn) -> None:
        self._waiting.discard(turn)

    def refused(self, method: str, seconds: float) -> None:
        """Slack says to come again after so long."""
        now = self._clock()
        self._bucket(method, now).close(now, seconds)

    def _ahead(self, turn: Turn, name: str) -> int:
        return sum(name in other.buckets and other.before(turn) for other in self._waiting)

    def _bucket(self, name: str, now: float) -> Bucket:
        found = self._buckets.get(name)
        if found is None:
            if name.startswith("into "):
                self._forget(now)
            rate, most = self._rate(name)
            found = self._buckets[name] = Bucket(rate, most, now)
        return found

    def _forget(self, now: float) -> None:
        """Channels into which nothing went for a minute are as good as new."""
        for name in [name for name, bucket in self._buckets.items() if name.startswith("into ")]:
            if now - self._buckets[name].at > 60:
                del self._buckets[name]

    def _rate(self, name: str) -> tuple[float, float]:
        """Calls a minute, and how many at once."""
        if name.startswith("into "):
            return CHANNEL, 1.0
        if self._restricted and name in READING_BACK:
            return RESTRICTED, 1.0
        rate = SPECIAL if name in _SPECIAL else TIERS[_TIER.get(name, 3)]
        return rate, rate
