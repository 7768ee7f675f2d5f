"""Whatever goes wrong on the way to Temporal, as whoever looks something up is told of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from airut.ports.thread_directory import DirectoryUnavailable

LIMIT = timedelta(seconds=2)
"""For one question. Somebody waits for it, and would rather see that Temporal is away."""


@contextmanager
def unavailable() -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        raise DirectoryUnavailable(f"{error.status.name.lower()}: {error.message[:200]}") from error
    except WorkflowQueryFailedError as error:
        raise DirectoryUnavailable(f"a workflow cannot answer: {str(error)[:200]}") from error
    except TimeoutError as error:
        raise DirectoryUnavailable(f"no answer within {LIMIT.total_seconds():.0f} seconds.") from error
    except RuntimeError as error:  # the SDK's own, of a client that never reached the server
        raise DirectoryUnavailable("nothing answers at its address; is `airut up` running?") from error
