"""The tokens of GitHub Apps' installations: kept as long as they are good, and exchanged for the next in time."""

import logging
import threading
import time
from collections.abc import Callable

from airut.adapters.github.exchange import Exchange
from airut.errors import AirutError, ForgeUnavailable
from airut.models.credentials.github_app import GithubApp, InstallationToken
from airut.models.credentials.redaction import Redactor

PATIENCE = (1.0, 3.0)
"""Seconds between the tries of a patient caller: what is away for longer is no blip, and the task begins without."""
LONGEST = 60.0
"""Seconds at most between tries: agents that get 503 try again each half minute, so that a return is soon seen."""

log = logging.getLogger(__name__)


class InstallationTokens:
    """Implements `airut.ports.tokens.AppTokens`, for all threads of one process."""

    def __init__(
        self,
        exchange: Exchange | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        redactor: Redactor | None = None,
    ) -> None:
        """`redactor` is told of each token."""
        self._redactor = redactor or Redactor()
        self._exchange = exchange or Exchange(clock)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._held: dict[object, _Held] = {}

    def token(self, app: GithubApp, *, patient: bool = False) -> InstallationToken | None:
        held = self._of(app)
        if held.token is not None and self._clock() < held.token.renew_at():
            return held.token
        # While another thread exchanges, only a beginning task waits for it: threads are few, running tasks look again.
        if not held.lock.acquire(blocking=patient and not held.is_good(self._clock())):
            return held.token if held.is_good(self._clock()) else None
        try:
            return self._renewed(app, held, PATIENCE if patient else ())
        finally:
            held.lock.release()

    def values(self) -> tuple[str, ...]:
        """Every token that is good now, for who looks whether one of them leaves."""
        with self._lock:
            tokens = [held.token for held in self._held.values() if held.token is not None]
        return tuple(token.value.reveal() for token in tokens if token.expires_at > self._clock())

    def _of(self, app: GithubApp) -> "_Held":
        key = (app.base_url, app.app_id, app.installation_id, app.repositories, app.permissions)
        with self._lock:
            return self._held.setdefault(key, _Held())

    def _renewed(self, app: GithubApp, held: "_Held", pauses: tuple[float, ...]) -> InstallationToken | None:
        if held.token is not None and self._clock() < held.token.renew_at():
            return held.token  # another thread was faster
        if self._clock() >= held.next_try:
            self._try(app, held, pauses)
        return held.token if held.is_good(self._clock()) else None

    def _try(self, app: GithubApp, held: "_Held", pauses: tuple[float, ...]) -> None:
        for pause in (*pauses, None):
            try:
                held.token = self._exchange.token(app)
            except AirutError as error:
                held.failed(self._clock(), error)
                if pause is None or not isinstance(error, ForgeUnavailable):
                    return
                self._sleep(pause)
            else:
                held.worked()
                self._redactor.add(held.token.value.reveal())
                return


class _Held:
    """The token of one installation's part, and how asking for the next one goes."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: InstallationToken | None = None
        self.next_try = 0.0
        self._failures = 0
        self._problem = ""

    def is_good(self, now: float) -> bool:
        """Whether there is a token that GitHub still takes."""
        return self.token is not None and now < self.token.expires_at

    def worked(self) -> None:
        if self._failures:
            log.info("GitHub gives out the App's token again")
        self.next_try, self._failures, self._problem = 0.0, 0, ""

    def failed(self, now: float, error: AirutError) -> None:
        self._failures += 1
        self.next_try = now + min(LONGEST, 2.0**self._failures)
        if str(error) != self._problem:  # once for each reason, and not each minute
            self._problem = str(error)
            log.warning("%s; requests that need it are answered 503 when there is no token left", error)
