"""Steps that are seen through, whatever is cancelled meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def seen_through[Result](step: Coroutine[Any, Any, Result]) -> Result:
    """Run the step to its end and return its result, also when the workflow is cancelled while it runs.

    A cancelled workflow cancels what its main coroutine awaits; a plain `asyncio.shield` keeps the step itself, yet
    lets the awaiting side go, and with it the workflow ends and abandons the step.
    """
    try:
        task = asyncio.create_task(step)
    except BaseException:
        step.close()  # a workflow that is evicted from the worker's cache takes no task any more
        raise
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
    return task.result()
