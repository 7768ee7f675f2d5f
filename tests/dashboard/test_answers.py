"""What open threads tell of themselves, without a page waiting for it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from airut.dashboard.answers import NEW, OLD, Answers, Told
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import AnswerOrder, ThreadCommand
from airut.models.threads.message import ChannelKind
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.ports.thread_control import ThreadAway

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG = 30.0
"""Seconds that nothing here takes, on whatever machine."""


class Threads:
    """They answer what they are told to, once the gate is open; those that are not known are away."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.phases = dict[str, ThreadPhase]()
        self.asked = list[str]()
        self.at_once = self.most = 0

    async def status(self, thread: str) -> ThreadStatus:
        self.asked.append(thread)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        if thread not in self.phases:
            raise ThreadAway
        phase = self.phases[thread]
        return ThreadStatus(thread=thread, repo="web", channel=ChannelKind.CONSOLE, since=AT, subject="", phase=phase)

    async def of(self, task: str) -> RunProgress | None:
        raise AssertionError(f"no agent runs: {task}")

    async def command(self, order: ThreadCommand) -> None:
        raise NotImplementedError

    async def retry(self, thread: str, order: RetryOrder) -> str:
        raise NotImplementedError

    async def answer(self, thread: str, order: AnswerOrder) -> str:
        raise NotImplementedError


async def settled() -> None:
    """All that is asked in the background has been answered: each step of it takes one turn of the loop."""
    for _ in range(1_000):
        await asyncio.sleep(0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def phases(found: Mapping[str, Told]) -> dict[str, ThreadPhase]:
    return {thread: told.status.phase for thread, told in found.items()}


async def test_nobody_is_asked_twice_for_what_is_new() -> None:
    threads, clock = Threads(), Clock()
    threads.phases = {"a": ThreadPhase.RUNNING}
    answers = Answers(threads, threads, clock)
    for _ in range(3):
        assert phases(await answers.of(["a", "away"], LONG)) == {"a": ThreadPhase.RUNNING}
    assert threads.asked == ["a", "away"]
    clock.now += NEW
    await answers.of(["a"], LONG)
    await asyncio.sleep(0)
    assert threads.asked == ["a", "away", "a"]


async def test_what_was_told_last_is_shown_while_it_is_asked_anew() -> None:
    threads, clock = Threads(), Clock()
    threads.phases = {"a": ThreadPhase.RUNNING}
    answers = Answers(threads, threads, clock)
    await answers.of(["a"], LONG)
    threads.gate.clear()
    threads.phases = {"a": ThreadPhase.PAUSED}
    clock.now += NEW
    for _ in range(2):  # and only once
        assert phases(await answers.of(["a"], LONG)) == {"a": ThreadPhase.RUNNING}
        await asyncio.sleep(0)
    assert threads.asked == ["a", "a"]
    threads.gate.set()
    await settled()
    assert phases(await answers.of(["a"], LONG)) == {"a": ThreadPhase.PAUSED}


async def test_nobody_waits_longer_than_they_want_to_and_the_answer_is_there_the_next_time() -> None:
    threads = Threads()
    threads.gate.clear()
    threads.phases = {"a": ThreadPhase.IDLE}
    answers = Answers(threads, threads, Clock())
    assert await answers.of(["a"], 0.01) == {}
    threads.gate.set()
    assert phases(await answers.of(["a"], LONG)) == {"a": ThreadPhase.IDLE}
    assert threads.asked == ["a"]


async def test_what_is_old_is_not_shown() -> None:
    threads, clock = Threads(), Clock()
    threads.phases = {"a": ThreadPhase.RUNNING}
    answers = Answers(threads, threads, clock)
    await answers.of(["a"], LONG)
    threads.gate.clear()
    clock.now += OLD
    assert await answers.of(["a"], 0.01) == {}


async def test_many_are_asked_a_few_at_once_and_less_often() -> None:
    threads, clock = Threads(), Clock()
    names = [str(number) for number in range(100)]
    threads.phases = dict.fromkeys(names, ThreadPhase.RUNNING)
    answers = Answers(threads, threads, clock)
    threads.gate.clear()
    assert await answers.of(names, 0.01) == {}
    threads.gate.set()
    assert len(await answers.of(names, LONG)) == 100
    assert (threads.most, len(threads.asked)) == (20, 100)
    clock.now += 4.9
    await answers.of(names, LONG)
    assert len(threads.asked) == 100
    clock.now += 0.1
    await answers.of(names, LONG)
    await settled()
    assert len(threads.asked) == 200
