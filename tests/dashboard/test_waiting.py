"""What is under way, and what waits and why."""

from datetime import UTC, datetime
from pathlib import Path

from airut.dashboard.waiting import Waiting, described, queue
from airut.models.message import ChannelKind
from airut.models.steering import TaskStatus
from airut.models.task import TaskStep
from airut.models.thread import QueuedMessage, ThreadPhase, ThreadStatus
from airut.ports.thread_directory import ThreadRow
from tests.support.dashboard import Served

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 13, tzinfo=UTC)


def row(name: str, state: str = "running", repo: str = "web") -> ThreadRow:
    return ThreadRow(
        thread=f"{repo}/console/{name}", repo=repo, channel="console", author="ann", subject=name, state=state,
        outcome="", cost_usd=0, pull_request="", started_at=AT,
    )  # fmt: skip


def status(name: str, step: TaskStep | None, waiting: str = "", since: datetime = AT) -> ThreadStatus:
    return ThreadStatus(
        thread=f"web/console/{name}", repo="web", channel=ChannelKind.CONSOLE, since=AT, subject=name,
        phase=ThreadPhase.RUNNING if step else ThreadPhase.PAUSED,
        open_task=TaskStatus(step=step, since=since, detail="until noon", until=LATER) if step else None,
        waiting=waiting, queue=(QueuedMessage(author="bob", sent_at=AT, first_line="x"),),
    )  # fmt: skip


def test_a_thread_in_its_own_words() -> None:
    agent = row("a")
    assert described(agent, status("a", TaskStep.AGENT)) == Waiting(
        row=agent, step="agent", why="until noon", until=LATER, since=AT, queued=1
    )
    limited = described(agent, status("a", TaskStep.AWAITING_PROVIDER))
    assert (limited.waits, limited.step) == (True, "awaiting_provider")
    assert described(agent, status("a", TaskStep.PREPARING, "a budget")).waits
    held = described(row("p", "paused"), status("p", None, "somebody to resume it"))
    assert (held.waits, held.step, held.why, held.since) == (True, "", "somebody to resume it", AT)
    assert described(row("s", "paused"), None) == Waiting(row=row("s", "paused"), waits=True)


async def test_what_waits_comes_first_the_longest_wait_at_the_top(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.threads.rows = [row("works"), row("asks"), row("limited"), row("silent"), row("quiet", "idle")]
    served.control.known = {
        "web/console/works": status("works", TaskStep.AGENT),
        "web/console/asks": status("asks", TaskStep.AWAITING_ANSWER, since=LATER),
        "web/console/limited": status("limited", TaskStep.AWAITING_PROVIDER),
    }
    found = await queue(served.ports())
    assert [entry.row.subject for entry in found.entries] == ["limited", "asks", "works", "silent"]
    assert (found.silent, found.more) == (1, False)
    page = (await served.browser().get("/queue")).text
    assert page.index("limited") < page.index("asks") < page.index("Under way") < page.index("works")
    assert "1 of these did not answer within three seconds" in page


async def test_while_temporal_is_away_the_page_says_so(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.goes_away("nothing answers")
    for path in ("/queue", "/hosts", "/costs", "/costs.csv"):
        answer = await served.browser().get(path)
        assert (answer.status_code, "Temporal does not answer: nothing answers" in answer.text) == (503, True)
