"""What a worker that shuts down cannot finish goes to the next one at once, and not after a failure's delays."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

DRAINING = "WorkerDraining"
SOON = timedelta(seconds=1)
"""A stopped worker no longer polls, so that the next attempt waits for another one anyway; a second keeps an attempt
that another process takes over out of the way of what this one still writes."""


class HandOver(Interceptor):
    """For every worker of ours: an activity that ends because its worker goes is retried soon, whatever number its
    attempt has. A cancel by the workflow that came first stays a cancel."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # theirs
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # theirs
        try:
            return await self.next.execute_activity(input)
        except asyncio.CancelledError as cancelled:
            details = activity.cancellation_details()
            if details is not None and details.worker_shutdown and not details.cancel_requested:
                raise _draining("this worker shuts down in the middle of it") from cancelled
            raise
        except ApplicationError as error:
            if error.type == DRAINING:
                raise _draining(error.message) from None
            raise


def _draining(words: str) -> ApplicationError:
    return ApplicationError(words, type=DRAINING, category=ApplicationErrorCategory.BENIGN, next_retry_delay=SOON)
