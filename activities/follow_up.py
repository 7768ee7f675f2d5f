"""Looking at a thread's pull request until something is new in it.

That nothing is new is a failure that Temporal tries again at the pause that it names: so a pull request is watched for
weeks without a process, a timer or an event in a history that waits for it.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.failures import reported
from activities.heartbeat import beating
from airut.models.credentials.redaction import Redactor
from airut.models.pull_requests.follow_up import FollowOrder, Look, Sighting, pause_after, sighted
from airut.models.pull_requests.view import CheckState, FailedCheck, Remark
from airut.models.tasks.outcome import TaskOutcome
from airut.ports.pull_requests import PullRequests
from airut.ports.threads import Threads

LOGS_MOST = 5
"""Failed checks whose logs are read: the first ones say what is wrong."""
NOTHING_NEW = "NothingNew"


class FollowUps:
    def __init__(
        self,
        pull_requests: PullRequests,
        threads: Threads,
        redactor: Redactor | None = None,
        pause: Callable[[int, CheckState], float] = pause_after,
    ) -> None:
        self._pull_requests = pull_requests
        self._threads = threads
        self._redactor = redactor or Redactor()
        self._pause = pause

    @activity.defn
    async def follow_pull_request(self, order: FollowOrder) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            await self._threads.follow(order)

    @activity.defn
    async def look_at_pull_request(self, order: Look) -> Sighting:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                return await self._seen(order)

    async def _seen(self, order: Look) -> Sighting:
        """Raises: ApplicationError: nothing is new."""
        view = await self._pull_requests.look(order.repo, order.number)
        found = sighted(view, order.known, order.since)
        if found is not None:
            return await self._whole(order.repo, found)
        pause = self._pause(activity.info().attempt, view.checks.state)
        raise ApplicationError(
            "nothing new",
            type=NOTHING_NEW,
            next_retry_delay=timedelta(seconds=pause),
            category=ApplicationErrorCategory.BENIGN,  # neither a warning in the log nor a failure in metrics
        )

    async def _whole(self, repo: str, found: Sighting) -> Sighting:
        """With logs and rights, which are asked for only here: they cost a request each."""
        authors = dict.fromkeys(remark.author for remark in found.remarks)
        rights = {author: await self._pull_requests.may_write(repo, author) for author in authors}
        remarks = tuple(self._remark(each, may_write=rights[each.author]) for each in found.remarks)
        checks = found.checks
        if checks and checks.failed:
            logs = await asyncio.gather(*(self._log(repo, each) for each in checks.failed[:LOGS_MOST]))
            checks = checks.model_copy(update={"failed": (*logs, *checks.failed[LOGS_MOST:])})
        return found.model_copy(update={"remarks": remarks, "checks": checks})

    def _remark(self, remark: Remark, *, may_write: bool) -> Remark:
        return remark.model_copy(update={"text": self._redactor.text(remark.text), "may_write": may_write})

    async def _log(self, repo: str, check: FailedCheck) -> FailedCheck:
        log = await self._pull_requests.log_tail(repo, check)
        return check.model_copy(update={"log": self._redactor.text(log)})
