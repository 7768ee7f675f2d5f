"""A sandbox host as a durable entity: drained or not, whatever becomes of its processes (spec: operations §6)."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.hosts.host import DrainOrder, HostInput, HostStatus, HostUp, PlacementOrder

AWAY = timedelta(seconds=10)
"""A worker that runs polls all the time; one that does not is told at its next start."""


@workflow.defn(name=contracts.HOST_WORKFLOW)
class HostWorkflow:
    """Tells the host's worker, at each of its starts and at each change, whether to take new threads."""

    @workflow.init
    def __init__(self, order: HostInput) -> None:
        self._host = order.host
        self._drained = order.drained
        self._since = workflow.now()
        self._starts = 0
        self._told: tuple[bool, int] | None = None
        self._reached = False

    @workflow.signal(name=contracts.HOST_UP)
    def up(self, up: HostUp) -> None:
        self._starts += 1
        if up.drain:
            self._drain(drain=True)

    @workflow.update(name=contracts.DRAIN)
    async def drain(self, order: DrainOrder) -> HostStatus:
        """Answers once the worker has been told, or is away."""
        self._drain(drain=order.drain)
        await workflow.wait_condition(lambda: self._told == self._wanted)
        return self.status()

    @workflow.query(name=contracts.STATUS)
    def status(self) -> HostStatus:
        return HostStatus(host=self._host, drained=self._drained, since=self._since, reached=self._reached)

    @workflow.run
    async def run(self, order: HostInput) -> None:
        while True:
            await workflow.wait_condition(lambda: self._told != self._wanted or self._should_continue())
            if self._told != self._wanted:
                await self._tell()
            elif self._should_continue():
                workflow.continue_as_new(order.model_copy(update={"drained": self._drained}))

    @property
    def _wanted(self) -> tuple[bool, int]:
        return self._drained, self._starts

    def _drain(self, *, drain: bool) -> None:
        if drain != self._drained:
            self._drained, self._since = drain, workflow.now()

    async def _tell(self) -> None:
        drained, starts = wanted = self._wanted
        try:
            await workflow.execute_activity(
                stubs.set_placement,
                PlacementOrder(open=not drained),
                task_queue=contracts.host_queue(self._host),
                schedule_to_start_timeout=AWAY,
                start_to_close_timeout=timedelta(seconds=30),  # a claim in hand takes milliseconds
                retry_policy=RetryPolicy(maximum_attempts=3),
                summary=f"start {starts}: {'no' if drained else 'take'} new threads",
            )
            self._reached = True
        except ActivityError as error:
            workflow.logger.info("host %s is away: %s", self._host, type(error.cause).__name__)
            self._reached = False
        self._told = wanted
        workflow.upsert_search_attributes([contracts.STATE.value_set("drained" if drained else "serving")])

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished()
