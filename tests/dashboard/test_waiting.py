"""What is under way, and what waits and why."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.dashboard.answers import Told
from airut.dashboard.waiting import Waiting, described, queue, under_way
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.task import TaskStep
from airut.models.threads.message import ChannelKind
from airut.models.threads.steering import TaskStatus
from airut.models.threads.thread import QueuedMessage, ThreadPhase, ThreadStatus
from airut.ports.thread_directory import ThreadRow
from tests.support.dashboard import Served

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 13, tzinfo=UTC)


def row(name: str, state: str = "running", repo: str = "web") -> ThreadRow:
    return ThreadRow(
        thread=f"{repo}/console/{name}", repo=repo, channel="console", author="ann", subject=name, state=state,
        outcome="", cost_usd=0, pull_request="", started_at=AT,
    )  # fmt: skip


def status(name: str, step: TaskStep | None, since: datetime = AT, until: datetime | None = None) -> ThreadStatus:
    return ThreadStatus(
        thread=f"web/console/{name}", repo="web", channel=ChannelKind.CONSOLE, since=AT, subject=name,
        phase=ThreadPhase.RUNNING if step else ThreadPhase.PAUSED,
        open_task=TaskStatus(step=step, since=since, detail="until noon", until=until) if step else None,
        waiting="- It is paused.\n- Nothing waits.", queue=(QueuedMessage(author="bob", sent_at=AT, first_line="x"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("step", "until", "begun", "waits", "why"),
    [
        (TaskStep.AGENT, LATER, True, False, ""),
        (TaskStep.AGENT, None, None, False, ""),
        (TaskStep.AGENT, None, False, True, "a free place on its host: as many agents as may run there at once do"),
        (TaskStep.PREPARING, None, None, False, ""),
        (TaskStep.PREPARING, LATER, None, True, "until noon"),
        (TaskStep.AWAITING_PROVIDER, LATER, None, True, "until noon"),
        (None, None, None, True, "It is paused. Nothing waits."),
    ],
)
def test_what_stands_still_says_why(
    step: TaskStep | None, until: datetime | None, begun: bool | None, waits: bool, why: str
) -> None:
    run = None if begun is None else RunProgress(begun=begun)
    found = described(row("a"), Told(status=status("a", step, until=until), run=run))
    assert (found.waits, found.why, found.until) == (waits, why, until if waits else None)
    assert (found.step, found.queued, found.since) == (str(step or ""), 1, AT)


def test_a_frozen_agent_does_not_go_on_by_itself() -> None:
    frozen = status("a", TaskStep.PAUSED, until=LATER)
    assert frozen.open_task is not None
    frozen = frozen.model_copy(update={"open_task": frozen.open_task.model_copy(update={"frozen": True})})
    found = described(row("a"), Told(status=frozen, run=None))
    assert (found.waits, found.why, found.until) == (True, "until noon", None)


def test_one_that_does_not_answer_is_known_by_its_row() -> None:
    assert described(row("s", "paused"), None) == Waiting(row=row("s", "paused"), waits=True)
    assert not described(row("s"), None).waits


async def test_what_waits_comes_first_the_longest_wait_at_the_top(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.threads.rows = [row("works"), row("asks"), row("limited"), row("silent"), row("quiet", "idle")]
    served.control.known = {
        "web/console/works": status("works", TaskStep.AGENT),
        "web/console/asks": status("asks", TaskStep.AWAITING_ANSWER, since=LATER),
        "web/console/limited": status("limited", TaskStep.AWAITING_PROVIDER),
    }
    ports = served.ports()
    found = await queue(ports.answers, await under_way(ports.threads))
    assert [entry.row.subject for entry in found.entries] == ["limited", "asks", "works", "silent"]
    assert (found.silent, found.more) == (1, False)
    page = (await served.browser().get("/queue")).text
    assert page.index("limited") < page.index("asks") < page.index("Under way") < page.index("works")
    assert "1 of these have not answered yet" in page


async def test_while_temporal_is_away_the_page_says_so(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.goes_away("nothing answers")
    for path in ("/queue", "/hosts", "/costs", "/costs.csv"):
        answer = await served.browser().get(path)
        assert (answer.status_code, "Temporal does not answer: nothing answers" in answer.text) == (503, True)
