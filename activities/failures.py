"""One place where exceptions become Temporal failures: the failure's type is the outcome the user will read."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from airut import errors
from airut.models.base import Model
from airut.models.tasks.outcome import TaskOutcome

log = logging.getLogger(__name__)

UNEXPECTED_MOST = 5
"""A defect of ours is tried this often, for chance plays a part in some; then the user gets an answer instead."""

PERMANENT: dict[type[errors.AirutError], TaskOutcome] = {
    errors.PolicyInvalid: TaskOutcome.POLICY_INVALID,
    errors.ImageBuildFailed: TaskOutcome.IMAGE_FAILED,
    errors.RemoteRefused: TaskOutcome.WORKSPACE_FAILED,
    errors.BundleRefused: TaskOutcome.PUBLISH_FAILED,
    errors.PushRejected: TaskOutcome.PUBLISH_FAILED,
    errors.ForgeRefused: TaskOutcome.PUBLISH_FAILED,
    errors.DeliveryRefused: TaskOutcome.REPLY_FAILED,
    errors.FileRefused: TaskOutcome.WORKSPACE_FAILED,
    errors.HistoryRefused: TaskOutcome.WORKSPACE_FAILED,
    errors.NetworkLost: TaskOutcome.SANDBOX_LOST,
    errors.CutOff: TaskOutcome.SANDBOX_LOST,
    errors.ImageMissing: TaskOutcome.SANDBOX_LOST,
    errors.AuditUnavailable: TaskOutcome.AUDIT_UNAVAILABLE,
    errors.BinaryUnavailable: TaskOutcome.INTERNAL_ERROR,
    errors.SecretError: TaskOutcome.INTERNAL_ERROR,
    errors.RepositoryGone: TaskOutcome.REPOSITORY_GONE,
    errors.ConfigError: TaskOutcome.INTERNAL_ERROR,
    errors.BlobMissing: TaskOutcome.INTERNAL_ERROR,
    errors.BlobCorrupt: TaskOutcome.INTERNAL_ERROR,
}
"""Trying again changes nothing; a lost sandbox is counted and made anew by the workflow, not by a retry policy."""

SAYING_WHEN = (errors.ForgeUnavailable, errors.DeliveryDeferred, errors.FileDeferred, errors.HistoryUnavailable)


@contextmanager
def reported(otherwise: TaskOutcome, final: tuple[type[errors.AirutError], ...] = ()) -> Iterator[None]:
    """Raise what the block raises as a failure that names an outcome: its own, or `otherwise` when it is retryable
    and the retries run out. Errors in `final` are not retried by Temporal: the workflow counts them.

    Only our own words go into the failure: those of a library may hold a URL or a header, and the history keeps them.

    Raises:
        ApplicationError: in place of every exception.
    """
    try:
        yield
    except ApplicationError:
        raise
    except errors.AirutError as error:
        log.info("%s", error, exc_info=error)
        failure = as_failure(error, otherwise)
        if isinstance(error, final):
            failure = ApplicationError(failure.message, type=failure.type, non_retryable=True)
        raise failure from None
    except Exception as error:  # process boundary: whatever we did not think of is still answered
        log.exception("unexpected")
        raise ApplicationError(
            f"unexpected {type(error).__name__}",
            type=str(TaskOutcome.INTERNAL_ERROR),
            non_retryable=activity.info().attempt >= UNEXPECTED_MOST,
        ) from None


def with_detail(failure: ApplicationError, detail: Model) -> ApplicationError:
    """The same failure, with what the workflow needs to know of it: it decodes `details[0]` by itself."""
    return ApplicationError(
        failure.message,
        detail,
        type=failure.type,
        non_retryable=failure.non_retryable,
        next_retry_delay=failure.next_retry_delay,
        category=failure.category,
    )


def as_failure(error: errors.AirutError, otherwise: TaskOutcome) -> ApplicationError:
    """The failure for an error. Its text is the error's own, which by our rule holds no secret."""
    text = str(error)
    if isinstance(error, errors.ImageBuildFailed) and error.log_tail:
        text = f"{text}\n\n{error.log_tail}"
    for kind, outcome in PERMANENT.items():
        if isinstance(error, kind):
            return ApplicationError(text, type=str(outcome), non_retryable=True)
    delay = error.retry_after if isinstance(error, SAYING_WHEN) else None
    return ApplicationError(
        text, type=str(otherwise), next_retry_delay=timedelta(seconds=delay) if delay is not None else None
    )
