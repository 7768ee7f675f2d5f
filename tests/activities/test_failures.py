"""The map from our exceptions to outcomes is complete."""

import pytest
from temporalio.exceptions import ApplicationError

from activities.failures import PERMANENT, as_failure, reported
from airut import errors
from airut.models.tasks.outcome import TaskOutcome


def leaves(kind: type[errors.AirutError]) -> list[type[errors.AirutError]]:
    ours = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]  # not a port's own
    return [leaf for child in ours for leaf in (leaves(child) or [child])]


RETRYABLE = {
    errors.EngineUnavailable,
    errors.NameTaken,
    errors.RegistryUnavailable,
    errors.NoSpace,
    errors.NoAddresses,
    errors.LedgerUnavailable,
    errors.EngineError,
    errors.RemoteUnavailable,
    errors.ForgeUnavailable,
    errors.DeliveryDeferred,
    errors.FileDeferred,
    errors.HistoryUnavailable,
    errors.BlobsUnavailable,
    errors.PayloadError,
    errors.ArchiveUnavailable,
    errors.ArchiveUnreadable,
    errors.CensusUnavailable,
    errors.TreeTooLarge,
    errors.TreeNotRemoved,
    errors.AlreadyRunning,
    errors.ServiceUnavailable,
    errors.BackupUnreadable,
    errors.UpdateFailed,
}


@pytest.mark.parametrize("kind", leaves(errors.AirutError))
def test_every_error_is_either_permanent_or_retried(kind: type[errors.AirutError]) -> None:
    failure = as_failure(kind("words"), TaskOutcome.INTERNAL_ERROR)
    assert failure.non_retryable is (kind not in RETRYABLE)
    assert failure.type == str(PERMANENT.get(kind, TaskOutcome.INTERNAL_ERROR))


def test_a_rate_limit_says_when_to_try_again() -> None:
    failure = as_failure(errors.ForgeUnavailable("slow down", retry_after=30), TaskOutcome.PUBLISH_FAILED)
    assert failure.next_retry_delay is not None
    assert failure.next_retry_delay.total_seconds() == 30


def test_a_build_log_travels_with_the_failure() -> None:
    with pytest.raises(ApplicationError, match="step 3\n\nE: no such package"), reported(TaskOutcome.IMAGE_FAILED):
        raise errors.ImageBuildFailed("step 3", "E: no such package")


def test_what_the_workflow_counts_is_not_retried_by_temporal() -> None:
    with pytest.raises(ApplicationError) as raised, reported(TaskOutcome.SANDBOX_LOST, final=(errors.EngineError,)):
        raise errors.EngineError("no memory controller")
    assert (raised.value.non_retryable, raised.value.type) == (True, "sandbox_lost")
