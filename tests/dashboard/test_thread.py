"""A thread's page: all that was said, whoever still knows of it, and the commands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airut.models.blob import BlobRef, Text
from airut.models.login import Role
from airut.models.pull_requests.news import ToldNews
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestState
from airut.models.tasks.outcome import TaskOutcome, Usage
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.task import ReplyRecord, TaskInput, TaskResult
from airut.models.threads.archive import ArchivedThread
from airut.models.threads.command import CommandName, CommandRecord
from airut.models.threads.message import ChannelKind, ConsoleRoute, InboundMessage
from airut.models.threads.thread import QueuedMessage, ThreadPhase, ThreadStatus
from airut.ports.task_records import TaskDetail
from tests.support.dashboard import Served, form

ID = "web/console/abc"
AT = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
KEY = "0" * 31 + "a"
EVIL = "<script>alert(1)</script>"
PULL = PullRequestRef(
    number=7, url="https://git.example.org/acme/web/pull/7", head="airut/x", state=PullRequestState.OPEN
)


def said(text: str, author: str = "ann") -> InboundMessage:
    return InboundMessage(
        key=text, thread=ID, repo="web", channel=ChannelKind.CONSOLE, author=author, sent_at=AT, received_at=AT,
        text=Text(inline=text), route=ConsoleRoute(),
    )  # fmt: skip


def task(number: int, *messages: InboundMessage, reply: BlobRef | None = None, **more: Any) -> TaskDetail:
    record = ReplyRecord(kind=ReplyKind.ANSWER, message_id="m", markdown=reply, delivered_at=AT) if reply else None
    given = TaskInput(
        thread=ID, repo="web", channel=ChannelKind.CONSOLE, number=number, messages=messages, session_id="s"
    )
    result = TaskResult(outcome=TaskOutcome.SUCCESS, reply=record, usage=Usage(cost_usd=0.5, turns=3), **more)
    return TaskDetail(
        number=number, state="completed", started_at=AT, ended_at=AT + timedelta(seconds=90), input=given, result=result
    )  # fmt: skip


def status(**more: Any) -> ThreadStatus:
    told = {"thread": ID, "repo": "web", "channel": ChannelKind.CONSOLE, "phase": ThreadPhase.IDLE, "since": AT}
    return ThreadStatus(**{**told, "subject": "Mend the log-in", "tasks": 1, **more})


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served.at(tmp_path)


async def page(served: Served, path: str = f"/threads/{ID}") -> str:
    answer = await served.browser().get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_what_was_said_and_answered(served: Served) -> None:
    reply = await served.blobs.put(f"**Done.** {EVIL}".encode())
    served.tasks.known[ID, 1] = task(1, said(f"Mend it, {EVIL}"), reply=reply, pull_request=PULL)
    served.control.known[ID] = status(
        subject=EVIL, pull_request=PULL, queue=(QueuedMessage(author="ann", sent_at=AT, first_line=f"And {EVIL}"),)
    )
    shown = await page(served)
    assert "<script>alert" not in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    assert "<strong>Done.</strong>" in shown
    assert f'<a href="{PULL.url}" rel="noreferrer">#7</a>' in shown
    assert f'<a href="/threads/{ID}/tasks/1">Task 1</a>' in shown
    assert "http://127.0.0.1:8233/namespaces/airut/workflows/web%2Fconsole%2Fabc" in shown
    assert "1 min 30 s" in shown


async def test_what_became_of_its_pull_request(served: Served) -> None:
    told = ToldNews(at=AT, text=f"[checks](https://ci.example.org) {EVIL}")
    served.control.known[ID] = status(pull_request=PULL, news=(told,))
    section = (await page(served)).partition('id="news">Pull request</h2>')[2].partition("</section>")[0]
    assert '<a href="https://ci.example.org"' in section
    assert "<script>" not in section


async def test_only_ten_tasks_are_on_a_page(served: Served) -> None:
    served.control.known[ID] = status()
    served.tasks.known = {(ID, number): task(number, said(f"say {number}.")) for number in range(1, 13)}
    shown = await page(served)
    assert ("say 2." in shown, "say 3." in shown, "?before=3" in shown) == (False, True, True)
    older = await page(served, f"/threads/{ID}?before=3")
    assert ("say 2." in older, "say 3." in older, "Earlier tasks" in older) == (True, False, False)


async def test_a_thread_that_nobody_answers_for_shows_what_is_known(served: Served) -> None:
    served.control.away = True
    served.tasks.known[ID, 1] = task(1, said("Mend it"))
    shown = await page(served)
    assert "The thread does not answer" in shown
    assert "Mend it" in shown
    assert 'name="command"' not in shown
    served.tasks.away = "unavailable"
    assert "Not all is known." in await page(served)


async def test_an_ended_thread_is_shown_from_its_archive(served: Served) -> None:
    await served.archives.put(
        ArchivedThread(
            thread=ID, repo="web", channel=ChannelKind.CONSOLE, ended_at=AT, subject="Long ago", tasks=2, pull_request=PULL
        )
    )  # fmt: skip
    shown = await page(served)
    assert "Long ago" in shown
    assert "what was said is not recorded any more" in shown
    assert "#7" in shown


async def test_a_text_that_is_gone_is_said_to_be(served: Served) -> None:
    served.control.known[ID] = status()
    served.tasks.known[ID, 1] = task(1, said("Mend it"), reply=BlobRef(sha256="0" * 64, size=1))
    assert "(not kept any more)" in await page(served)


async def test_no_such_thread(served: Served) -> None:
    answer = await served.browser().get("/threads/web/console/none")
    assert (answer.status_code, "No thread web/console/none is known here" in answer.text) == (404, True)


@pytest.mark.parametrize(
    ("phase", "commands"),
    [
        (ThreadPhase.IDLE, ["pause", "close"]),
        (ThreadPhase.RUNNING, ["pause", "stop", "close"]),
        (ThreadPhase.PAUSED, ["resume", "stop", "close"]),
        (ThreadPhase.ENDED, []),
    ],
)
async def test_the_buttons_are_those_that_do_something(served: Served, phase: ThreadPhase, commands: list[str]) -> None:
    served.control.known[ID] = status(phase=phase)
    shown = await page(served)
    assert [part.split('"')[0] for part in shown.split('name="command" value="')[1:]] == commands


async def test_viewers_see_no_buttons(tmp_path: Path) -> None:
    served = Served.at(tmp_path, auth="token")
    served.control.known[ID] = status()
    browser = await served.logged_in(Role.VIEWER)
    assert 'name="command"' not in (await browser.get(f"/threads/{ID}")).text


async def test_a_command_is_told_once_and_its_state_is_shown(served: Served) -> None:
    served.control.known[ID] = status()
    browser = served.browser()
    data = {**await form(browser, f"/threads/{ID}"), "command": "pause", "key": KEY}
    answers = [await browser.post(f"/threads/{ID}/command", data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == f"/threads/{ID}?done={KEY}"
    first, again = served.control.told
    assert (first.name, first.key, first.author, first.answered) == (CommandName.PAUSE, again.key, "local", False)
    assert "The command is under way." in await page(served, f"/threads/{ID}?done={KEY}")
    record = CommandRecord(
        key=first.key, name=CommandName.PAUSE, author="local", at=AT, said="The conversation is paused."
    )
    served.control.known[ID] = status(phase=ThreadPhase.PAUSED, commands=(record,))
    part = await page(served, f"/threads/{ID}?done={KEY}&fragment=live")
    assert "<strong>Pause:</strong> The conversation is paused." in part


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"command": "pause"}, 422, "This form has no key."),
        ({"command": "pause", "key": "x"}, 422, "This form has no key."),
        ({"command": "help", "key": KEY}, 422, "A thread takes pause, resume, stop, close."),
        ({"command": "stop", "key": KEY}, 409, "This conversation has ended, so that there is nothing to stop."),
    ],
)
async def test_what_cannot_be_done_is_said(served: Served, given: dict[str, str], code: int, words: str) -> None:
    browser = served.browser()
    answer = await browser.post(f"/threads/{ID}/command", data={**await form(browser, "/about"), **given})
    assert (answer.status_code, words in answer.text) == (code, True)


async def test_a_task_is_done_again(served: Served) -> None:
    served.control.known[ID] = status()
    served.tasks.known[ID, 1] = task(1, said("Mend it"))
    browser = served.browser()
    data = {**await form(browser, "/about"), "key": KEY, "step": "agent"}
    answer = await browser.post(f"/threads/{ID}/tasks/1/retry", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/threads/{ID}/tasks/2")
    answer = await browser.post(f"/threads/{ID}/tasks/1/retry", data={**data, "step": "middle"})
    assert (answer.status_code, "prepare, agent, publish, reply" in answer.text) == (422, True)
    served.control.away = True
    answer = await browser.post(f"/threads/{ID}/tasks/1/retry", data=data)
    assert (answer.status_code, "Sending it once more does no harm." in answer.text) == (503, True)
