"""What a cancel means for an agent: its end, or only that another attempt adopts it. Nothing that ended is lost."""

import asyncio
from pathlib import Path

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError

from activities import agent as agent_module
from airut.models.tasks.outcome import AgentOutcome
from tests.activities.agent_bench import TASK, Bench, Gated, Slow

STOP = ActivityCancellationDetails(cancel_requested=True)
SHUTDOWN = ActivityCancellationDetails(worker_shutdown=True)


async def test_a_stop_interrupts_and_tells_what_was_done(bench: Bench) -> None:
    task = bench.start("echo begun; echo x > log; exec sleep 30")
    await bench.until("x")
    bench.environment.cancel(STOP)
    result = await task
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.STOPPED, "begun")


async def test_an_agent_that_ignores_the_interrupt_is_killed(bench: Bench) -> None:
    task = bench.start("trap '' INT TERM; echo x > log; while true; do sleep 0.1; done")
    await bench.until("x")
    bench.environment.cancel(STOP)
    assert (await task).verdict.outcome is AgentOutcome.STOPPED


async def test_a_worker_that_shuts_down_leaves_the_agent_and_the_next_one_adopts_it(bench: Bench) -> None:
    script = "echo one; echo x >> log; sleep 2; echo two; echo y >> log"
    task = bench.start(script)
    await bench.until("x")
    bench.environment.cancel(SHUTDOWN)
    with pytest.raises(ApplicationError, match="runs on") as raised:
        await task
    assert not raised.value.non_retryable

    bench.attempt(2)
    result = await bench.start(script)
    log = bench.folders.of(TASK.thread).workspace / "log"
    assert log.read_text() == "x\ny\n"  # it ran once
    assert result.text.inline == "one two"  # and nothing that it said was lost


async def test_a_stop_while_the_result_is_brought_home_comes_too_late(bench: Bench, tmp_path: Path) -> None:
    bench.blobs = blobs = Gated(tmp_path / "blobs")
    (bench.folders.of(TASK.thread).outbox / "report.txt").write_text("numbers")
    task = bench.start("echo Hello")
    await blobs.gate.reached()
    bench.environment.cancel(STOP)
    await asyncio.sleep(0.1)
    blobs.gate.open()
    result = await task
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DONE, "Hello")
    assert [await blobs.get(file.content) for file in result.outbox] == [b"numbers"]


async def test_what_a_worker_that_shuts_down_has_half_brought_home_the_next_one_brings(
    bench: Bench, tmp_path: Path
) -> None:
    bench.blobs = blobs = Gated(tmp_path / "blobs")
    (bench.folders.of(TASK.thread).outbox / "report.txt").write_text("numbers")
    task = bench.start("echo Hello; echo x >> log")
    await blobs.gate.reached()
    bench.environment.cancel(SHUTDOWN)
    with pytest.raises(ApplicationError, match="runs on"):
        await task
    bench.attempt(2)
    blobs.gate.open()
    result = await bench.start("echo Hello; echo x >> log")
    assert (result.text.inline, [file.name for file in result.outbox]) == ("Hello", ["report.txt"])
    assert (bench.folders.of(TASK.thread).workspace / "log").read_text() == "x\n"  # it ran once


@pytest.mark.parametrize("made", [False, True], ids=["before it is made", "once it is made"])
async def test_a_stop_while_the_sandbox_starts_ends_its_agent(bench: Bench, made: bool) -> None:
    bench.sandboxes = sandboxes = Slow(made=made)
    task = bench.start("sleep 30; echo done")
    await sandboxes.gate.reached()
    bench.environment.cancel(STOP)
    await asyncio.sleep(0.1)
    sandboxes.gate.open()
    assert (await task).verdict.outcome is AgentOutcome.STOPPED


async def test_a_stop_while_what_has_ended_is_adopted_loses_nothing(bench: Bench) -> None:
    bench.sandboxes = sandboxes = Slow(made=True)
    sandboxes.gate.open()
    await bench.start("echo Hello")
    sandboxes.gate.close()
    bench.attempt(2)
    task = bench.start("echo Hello")
    await sandboxes.gate.reached()
    bench.environment.cancel(STOP)
    await asyncio.sleep(0.1)
    sandboxes.gate.open()
    result = await task
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DONE, "Hello")


async def test_a_start_that_takes_long_after_a_stop_is_broken_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_module, "START_MOST", 0.2)
    bench.sandboxes = sandboxes = Slow(made=False)
    task = bench.start("echo x > log")
    await sandboxes.gate.reached()
    bench.environment.cancel(STOP)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sandboxes.gate.left
    assert not (bench.folders.of(TASK.thread).workspace / "log").exists()


@pytest.mark.parametrize("details", [ActivityCancellationDetails(timed_out=True), None], ids=str)
async def test_whatever_else_cancels_it_leaves_the_agent(
    bench: Bench, details: ActivityCancellationDetails | None
) -> None:
    script = "echo one; echo x >> log; sleep 2; echo two; echo y >> log"
    task = bench.start(script)
    await bench.until("x")
    if details is None:  # nobody of Temporal's, such as a loop that is closed
        task.cancel()
    else:
        bench.environment.cancel(details)
    with pytest.raises(asyncio.CancelledError):
        await task
    bench.attempt(2)
    result = await bench.start(script)
    assert (result.text.inline, (bench.folders.of(TASK.thread).workspace / "log").read_text()) == ("one two", "x\ny\n")
