"""Messages and commands in any order, at any moment of a task: each message counts once, and no two agents are ever at
work in one thread."""

import asyncio
import itertools
import random
from collections import Counter

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.tasks.outcome import AgentOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.models.threads.command import CommandName
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.temporal.delivery import deliver
from tests.support.agent_results import QUESTION, asks, done, refused
from tests.support.asking import LIMIT, command, orders, status_of
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

COMMANDS = (CommandName.PAUSE, CommandName.RESUME, CommandName.STOP)


class Agent:
    """Works for a moment, and asks now and then. A run that is ended has taken its prompt in, or has not."""

    def __init__(self, activities: ScriptedActivities, rng: random.Random) -> None:
        self._rng = rng
        self._ids = itertools.count()
        activities.agent = self.ends
        activities.working = lambda: rng.uniform(0.0, 0.4)
        activities.interrupted = refused(AgentOutcome.STOPPED, prompt_taken=rng.random() < 0.5)

    def ends(self, order: AgentInput) -> AgentResult:
        if order.answered_by is not None or self._rng.random() > 0.3:
            return done("Done.")
        question = QUESTION.model_copy(update={"id": f"toolu_{next(self._ids)}"})
        asked = asks()
        return asked.model_copy(update={"verdict": asked.verdict.model_copy(update={"question": question})})


class Person:
    """Writes, and gives commands; every word is sent once and has been accepted before the next one."""

    def __init__(self, client: Client, thread: str) -> None:
        self._client, self._thread = client, thread
        self.texts: list[str] = []
        self.keys: list[str] = []

    async def writes(self) -> None:
        self.texts.append(f"message {len(self.texts)}")
        await deliver(self._client, mail(self.texts[-1], self._thread))

    async def orders(self, name: CommandName) -> None:
        order = command(self._thread, name)
        await self._client.get_workflow_handle(self._thread).signal(contracts.CONTROL, order)
        self.keys.append(order.key)

    async def lets_it_end(self) -> ThreadStatus:
        """Resume what is paused and answer what is asked, until nothing is left to do."""
        async with asyncio.timeout(LIMIT):
            while True:
                status = await status_of(self._client, self._thread)
                if status.phase is ThreadPhase.PAUSED:
                    await orders(self._client, self._thread, CommandName.RESUME)
                elif status.question is not None:
                    await self.writes()
                elif status.phase is ThreadPhase.IDLE and not status.queue:
                    return status
                await asyncio.sleep(0.2)


@pytest.mark.parametrize("seed", range(6))
async def test_every_message_counts_once_whatever_is_ordered_meanwhile(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, seed: int
) -> None:
    rng = random.Random(seed)
    Agent(activities, rng)
    person = Person(temporal.client, thread)
    await person.writes()
    for _ in range(24):
        await asyncio.sleep(rng.choice((0.0, 0.0, 0.05, 0.3)))
        await (person.writes() if rng.random() < 0.5 else person.orders(rng.choice(COMMANDS)))
    status = await person.lets_it_end()

    answers = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER]
    assert sorted(Counter(answer.task.number for answer in answers).items()) == [
        (number, 1) for number in range(1, status.tasks + 1)
    ]
    told = [message.text.inline or "" for answer in answers for message in answer.task.messages]
    assert sorted(told) == sorted(person.texts)
    # An answer is used as soon as its question is there, before what was written while the agent was at work; also one
    # after which a stop came before the agent went on with it. A task's other messages are there when its agent begins.
    begun: dict[int, set[str | None]] = {}
    for order in activities.agent_inputs:
        begun.setdefault(order.task.number, {message.text.inline for message in order.task.messages})
    used = {
        message.text.inline
        for answer in answers
        for message in answer.task.messages
        if message.text.inline not in begun.get(answer.task.number, {message.text.inline})
    }
    assert used >= {order.answered_by.text.inline for order in activities.agent_inputs if order.answered_by}
    in_turn = [text for text in told if text not in used]
    assert in_turn == [text for text in person.texts if text not in used]
    assert activities.most_at_once <= 1
    assert {each.key for each in status.commands} >= set(person.keys[-5:])
