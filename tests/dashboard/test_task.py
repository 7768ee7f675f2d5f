"""A task's page: its agent's steps, from this host or from what was kept, and what has come since."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.config.telemetry_settings import TelemetrySettings
from airut.models.blob import Text
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, TaskOutcome
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.task import AgentResult, TaskInput, TaskResult, TaskStep
from airut.models.telemetry.spans import trace_of
from airut.models.threads.steering import TaskStatus
from airut.ports.task_records import TaskDetail
from tests.dashboard.test_thread import KEY, status
from tests.support.dashboard import Served, form
from tests.support.messages import mail

ID = "web/console/abc"
PATH = f"/threads/{ID}/tasks/1"
AT = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
EVIL = "<img src=x onerror=alert(1)>"
CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": f"ls {EVIL}"}}


def event(block: object, kind: str = "assistant", at: datetime = AT) -> bytes:
    return json.dumps({"type": kind, "message": {"content": [block]}, "timestamp": at.isoformat()}).encode() + b"\n"


def text(words: str, at: datetime = AT) -> bytes:
    return event({"type": "text", "text": words}, at=at)


def write(served: Served, content: bytes, sandbox: int = 1) -> None:
    out = served.folder / "threads" / ID / "tasks" / "1" / str(sandbox) / "out"
    out.mkdir(parents=True, exist_ok=True)
    with (out / "events.jsonl").open("ab") as file:
        file.write(content)


def running(served: Served) -> None:
    served.tasks.known[ID, 1] = TaskDetail(number=1, state="running", started_at=AT, ended_at=None)
    served.tasks.statuses[ID, 1] = TaskStatus(step=TaskStep.AGENT, since=AT)
    served.tasks.runs[f"{ID}/task-1"] = RunProgress(
        step="Bash: make test", cost_usd=0.25, plan=(PlanItem(text="Write it", state="in_progress"),)
    )


def ended(served: Served, agent: AgentResult | None = None) -> None:
    served.tasks.known[ID, 1] = TaskDetail(
        number=1, state="completed", started_at=AT, ended_at=AT + timedelta(minutes=5),
        result=TaskResult(outcome=TaskOutcome.SUCCESS, agent=agent),
    )  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served.at(tmp_path)


async def page(served: Served, path: str = PATH) -> str:
    answer = await served.browser().get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def tail_of(shown: str) -> str:
    """What the page asks when something has changed."""
    after, seen = (shown.split(f'name="{name}" value="')[1].split('"')[0] for name in ("after", "seen"))
    return f"{PATH}?fragment=tail&after={after}&seen={seen}"


async def test_a_running_task_is_followed_without_a_step_twice(served: Served) -> None:
    running(served)
    write(served, text("I look.") + event(CALL))
    shown = await page(served)
    assert "<p>I look.</p>" in shown
    assert EVIL not in shown
    assert "Bash: make test" in shown
    assert f'data-live="task:{ID}/task-1"' in shown
    assert (await served.browser().get(tail_of(shown))).status_code == 204
    write(served, event({"type": "tool_result", "tool_use_id": "t1", "content": f"a {EVIL}"}, "user") + text("Next."))
    answer = await served.browser().get(tail_of(shown))
    assert answer.headers["hx-trigger-after-settle"] == "more"
    slot = shown.split('id="r-')[1].split('"')[0]
    assert f'hx-swap-oob="outerHTML:#r-{slot}"' in answer.text
    assert ("I look." in answer.text, "<p>Next.</p>" in answer.text, EVIL in answer.text) == (False, True, False)
    assert (await served.browser().get(tail_of(answer.text))).status_code == 204
    served.tasks.runs[f"{ID}/task-1"] = RunProgress(step="Bash: git commit")
    assert "Bash: git commit" in (await page(served, tail_of(answer.text)))
    ended(served)
    last = await page(served, tail_of(answer.text))
    assert "data-live" not in last
    assert "Retry" in last


async def test_what_is_cut_is_had_whole(served: Served) -> None:
    ended(served)
    write(served, event({**CALL, "input": {"command": "\n".join(f"echo {n}" for n in range(50))}}))
    shown = await page(served)
    assert ("echo 19" in shown, "echo 20" in shown) == (True, False)
    link = shown.split('class="more"><a href="')[1].split('"')[0]
    assert link == f"{PATH}/steps/1-0-0"
    whole = await page(served, link)
    assert "echo 49" in whole
    for nowhere in ("1-5-0", "1-0-1", "9-0-0", "odd"):
        assert (await served.browser().get(f"{PATH}/steps/{nowhere}")).status_code == 404


async def test_earlier_steps_are_a_click_away(served: Served) -> None:
    ended(served)
    write(served, b"".join(text(f"step {n}.") for n in range(400)))
    shown = await page(served)
    assert ("step 99." in shown, "step 100." in shown, "data-live" in shown) == (False, True, False)
    link = shown.split('<a class="button" href="')[1].split('"')[0]
    assert "step 99." in await page(served, link)


async def test_the_past_is_read_from_the_sessions_transcript(served: Served) -> None:
    lines = [
        text("Of the task before.", AT - timedelta(hours=1)),
        text("Of this one."),
        text("Later.", AT + timedelta(hours=1)),
    ]
    transcript = await served.blobs.put(b"".join(lines))
    verdict = AgentVerdict(outcome=AgentOutcome.DONE)
    ended(served, AgentResult(verdict=verdict, text=Text(inline=""), transcript=transcript))
    shown = await page(served)
    assert "from the transcript of its session" in shown
    assert [words in shown for words in ("Of the task before.", "Of this one.", "Later.")] == [False, True, False]


async def test_secrets_are_not_shown(served: Served) -> None:
    ended(served)
    assert served.config is not None
    served.config.sources.redactor.add("sk-ant-api03-no-model-is-asked-here")
    write(served, text("the key is sk-ant-api03-no-model-is-asked-here, I think"))
    assert "sk-ant-api03" not in await page(served)


async def test_nothing_of_it_is_here(served: Served) -> None:
    running(served)
    shown = await page(served)
    assert "Nothing yet on this machine; the agent says: Bash: make test. If it runs on another host" in shown
    assert "once the task has ended the transcript of its session is shown here" in shown
    served.tasks.away = "unavailable"
    assert "Temporal does not answer: unavailable" in await page(served)
    served.tasks.away = ""
    served.tasks.known.clear()
    assert (await served.browser().get(PATH)).status_code == 404
    assert (await served.browser().get(f"{PATH}?fragment=tail&after=x")).status_code == 404


async def test_what_an_agent_has_tampered_with_is_not_shown(served: Served) -> None:
    running(served)
    write(served, b"")
    events = served.folder / "threads" / ID / "tasks" / "1" / "1" / "out" / "events.jsonl"
    events.unlink()
    events.symlink_to(served.folder / "other")
    (served.folder / "other").write_bytes(text("not the agent's"))
    shown = await page(served)
    assert ("was changed afterwards" in shown, "not the agent" in shown) == (True, False)


async def test_the_network_page_says_what_would_allow_a_request(served: Served) -> None:
    line = {"time": "2026-11-26T20:00:00Z", "kind": "http", "method": "GET", "scheme": "https", "host": "e.org", "port": 443, "path": f"/{EVIL}"}  # fmt: skip
    log = [
        {**line, "decision": "blocked", "reason": "host_not_allowed"},
        {**line, "decision": "allowed", "status": 200},
    ]
    packed = await served.blobs.put(gzip.compress(b"".join(json.dumps(each).encode() + b"\n" for each in log)))
    verdict = AgentVerdict(outcome=AgentOutcome.DONE)
    ended(served, AgentResult(verdict=verdict, text=Text(inline=""), access_log=packed))
    shown = await page(served, f"/threads/{ID}/network")
    assert "url_prefixes:\n  - host: e.org" in shown
    assert EVIL not in shown
    assert "2 lines" in shown
    only = await page(served, f"/threads/{ID}/network?task=1&show=blocked")
    assert only.count("<tr>") == 2
    assert (await served.browser().get("/threads/web/console/none/network")).status_code == 404


async def test_buttons_act_on_this_task_alone(served: Served) -> None:
    running(served)
    served.control.known[ID] = status()
    browser = served.browser()
    data = {**await form(browser, PATH), "command": "stop", "key": KEY, "task": "1"}
    assert (await browser.post(f"/threads/{ID}/command", data=data)).status_code == 303
    assert [order.task for order in served.control.told] == [1]


async def test_the_trace_of_a_task_is_named_where_traces_are_kept(tmp_path: Path) -> None:
    message = mail("Add a file.")
    given = TaskInput(thread=ID, repo="web", channel=message.channel, number=1, session_id="s", messages=(message,))
    served = Served.at(tmp_path)
    served.tasks.known[ID, 1] = TaskDetail(number=1, state="running", started_at=AT, ended_at=None, input=given)
    assert trace_of(message.key) not in await page(served)
    kept = TelemetrySettings(otlp_endpoint="http://collector:4318")
    assert served.config is not None
    served.config = served.config.model_copy(update={"telemetry": kept})
    assert trace_of(message.key) in await page(served)
