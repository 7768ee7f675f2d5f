"""What a reply mentions besides the agent's own words. Pure."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.task import AgentResult
    from airut.models.threads.message import InboundMessage


def of_messages(messages: tuple[InboundMessage, ...]) -> list[str]:
    """What could not be taken as it was meant: a file that was too large, a hint that was not understood."""
    return [note for message in messages for note in message.notes]


def of_agent(agent: AgentResult | None, outcome: TaskOutcome) -> list[str]:
    """What it left in the workspace; and what the fence refused, where that may be why it did not do its job."""
    remarks: list[str] = []
    if agent is not None and agent.uncommitted:
        remarks.append(f"{agent.uncommitted} changed file(s) are not committed; they stay in the workspace.")
    if agent is not None and agent.blocked and not outcome.did_its_job:
        remarks.append(f"The sandbox was refused these requests: {', '.join(agent.blocked)}.")
    if agent is not None and agent.rejected and not outcome.did_its_job:
        remarks.append(f"These credentials were refused: {', '.join(agent.rejected)}; they may have expired.")
    return remarks
