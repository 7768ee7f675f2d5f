"""A task that costs too much is stopped, says so, and goes on when it is answered; what it has cost is counted once."""

import re

from airut import contracts
from airut.demo.script import Step, TokenUsage, bash, say
from airut.models.budgets.ledger import DaySpent
from airut.models.tasks.outcome import TaskOutcome
from tests.e2e.conversation import Conversation, body

DEAR = TokenUsage(output_tokens=20_000)
"""At any model's price more than the five cents below."""


def dear(step: Step) -> Step:
    return step.model_copy(update={"usage": DEAR})


async def spent(conversation: Conversation) -> tuple[float, float]:
    """What the repository has spent and holds today."""
    client = await conversation.stage.client()
    days: list[DaySpent] = await client.get_workflow_handle(contracts.budget_id("web")).query(
        contracts.SPENT, result_type=list[DaySpent]
    )
    return days[0].spent_usd, days[0].held_usd


async def test_a_task_stops_at_its_budget_and_a_reply_goes_on(conversation: Conversation) -> None:
    await conversation.plays(dear(bash("echo one", "I begin.")), say("never said"))
    await conversation.writes("budget: 0.05\n\nCount to three.")
    (answer,) = await conversation.answers()
    thread = await conversation.thread(answer)
    status = await conversation.idle(thread)
    text = " ".join(body(answer).split())
    assert status.recent[-1].outcome is TaskOutcome.BUDGET_EXCEEDED, text
    assert status.usage.cost_usd > 0.05
    assert re.search(r"The budget of one task is \$0\.05, and \$\d+\.\d\d of it is spent\. Reply to go on", text), text

    await conversation.plays(say("One, two, three."))
    await conversation.writes("Go on.", answer)
    answer = (await conversation.answers(2))[-1]
    status = await conversation.idle(thread)
    assert "One, two, three." in body(answer)
    assert [task.outcome for task in status.recent] == [TaskOutcome.BUDGET_EXCEEDED, TaskOutcome.NO_CHANGES]
    prompts = await conversation.prompts()
    assert "Count to three." in prompts[-1], "the session was not kept"


async def test_a_hint_beyond_the_repositorys_is_noted_and_not_followed(conversation: Conversation) -> None:
    await conversation.plays(say("Done."))
    await conversation.writes("budget: 1000\n\nSay done.")
    (answer,) = await conversation.answers()
    text = " ".join(body(answer).split())
    assert "Done." in text
    assert "is more than the $10.00 that a task may have here; it ran with $10.00." in text


async def test_what_tasks_cost_is_counted_once_and_nothing_stays_held(conversation: Conversation) -> None:
    await conversation.plays(say("First."))
    await conversation.writes("Say first.")
    (answer,) = await conversation.answers()
    thread = await conversation.thread(answer)
    before = (await conversation.idle(thread)).usage.cost_usd, (await spent(conversation))[0]
    await conversation.plays(dear(bash("echo two")), dear(say("Second.")))
    await conversation.writes("Say second.", answer)
    await conversation.answers(2)
    status = await conversation.idle(thread)
    counted, held = await spent(conversation)
    cost = status.usage.cost_usd - before[0]
    assert cost > 0.1
    assert round(counted - before[1], 4) == round(cost, 4)
    assert held == 0
