"""A workflow that does nothing but carry: a value comes in, goes through an activity and a continuation, goes out."""

from datetime import timedelta

from temporalio import activity, workflow


@activity.defn
async def carry(value: str) -> str:
    return value


@workflow.defn
class Carrier:
    """Started with a value; waits for a signal with another; the second run returns both, joined."""

    @workflow.init
    def __init__(self, value: str, rounds: int) -> None:
        self._value, self._signalled = value, ""

    @workflow.signal
    def receive(self, value: str) -> None:
        self._signalled = value

    @workflow.query
    def value(self) -> str:
        return self._value

    @workflow.run
    async def run(self, value: str, rounds: int) -> str:
        if rounds:
            await workflow.wait_condition(lambda: bool(self._signalled))
            carried = await workflow.execute_activity(carry, value, start_to_close_timeout=timedelta(seconds=30))
            workflow.continue_as_new(args=[carried + self._signalled, rounds - 1])
        return value
