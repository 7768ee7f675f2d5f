"""What the sandboxes of a task have cost, told and left so far (spec: lifecycle §8, §10)."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as ActivityTimeout

with workflow.unsafe.imports_passed_through():
    from airut.models.blob import BlobRef
    from airut.models.tasks.outcome import LostRun, Usage
    from airut.models.tasks.task import AgentResult
    from workflows.flow import Flow
    from workflows.placement import HostGone


class Gathered:
    """Belongs to one open task, whose result holds the sums. Every sandbox counts, however it ended."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.told = False
        """Whether the session holds the messages for sure."""
        self.ran_s = 0.0

    def of_ended(self, agent: AgentResult) -> None:
        """Add a run that came home."""
        flow, verdict = self._flow, agent.verdict
        flow.agent = agent
        flow.notes += [note for note in agent.notes if note not in flow.notes]
        self._add(verdict.usage, agent.ran_s, agent.transcript, told=verdict.prompt_taken)
        stored = flow.result.stored
        kept = {"bundle": agent.bundle or stored.bundle, "changes": agent.changes}
        flow.update(stored=stored.model_copy(update=kept))

    def of_frozen(self, agent: AgentResult) -> None:
        """Keep the session of a run that stands still: its host may go meanwhile. All else it still has."""
        if agent.transcript:
            stored = self._flow.result.stored.model_copy(update={"transcript": agent.transcript})
            self._flow.update(stored=stored)

    def of_lost(self, error: BaseException) -> LostRun:
        """Add, and return, what is known of a run that has no result."""
        lost = lost_run(error.__cause__ if isinstance(error, HostGone) else error)
        self._add(lost.usage, lost.ran_s, lost.transcript, told=lost.prompt_taken)
        return lost

    def _add(self, usage: Usage, ran_s: float, transcript: BlobRef | None, *, told: bool) -> None:
        flow = self._flow
        self.ran_s += ran_s
        self.told = self.told or told
        stored = flow.result.stored
        if transcript:
            stored = stored.model_copy(update={"transcript": transcript})
        flow.update(usage=flow.result.usage + usage, stored=stored)


def lost_run(error: BaseException | None) -> LostRun:
    """What the failure carries, or what the last heartbeat of a run told whose host went with it."""
    cause = error.cause if isinstance(error, ActivityError) else None
    if isinstance(cause, ApplicationError) and cause.details:
        return LostRun.model_validate(cause.details[0])
    if isinstance(cause, ActivityTimeout) and cause.last_heartbeat_details:
        told = cause.last_heartbeat_details[0]
        return LostRun(usage=Usage(cost_usd=told.get("cost_usd", 0.0)), transcript=told.get("transcript"))
    return LostRun()
