"""What programs do."""

import json

import pytest

from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.login import Role
from airut.models.telemetry.audit import AuditAction
from airut.models.threads.command import CommandName, CommandRecord, RetryStep
from airut.models.threads.message import ChannelKind
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.ports.thread_directory import ThreadRow
from tests.dashboard.api.conftest import Program
from tests.support.dashboard import Served

ROW = ThreadRow(
    thread="web/console/abc", repo="web", channel="console", author="ann", state="idle", outcome="", cost_usd=0,
    pull_request="", started_at="2026-03-02T00:00:00Z",
)  # fmt: skip
KEY = {"Idempotency-Key": "build 17".replace(" ", "-")}


def status(served: Served) -> ThreadStatus:
    return ThreadStatus(
        thread=ROW.thread,
        repo="web",
        channel=ChannelKind.CONSOLE,
        phase=ThreadPhase.IDLE,
        since=served.now,
        subject="x",
    )


async def test_a_thread_is_begun_once_however_often_it_is_asked_for(served: Served, program: Program) -> None:
    sender = program(Role.OPERATOR)
    order = {"repo": "web", "text": "Add a log.\nAnd a test.", "budget": 2.5}
    first = await sender.post("/api/v1/threads", json=order, headers=KEY)
    again = await sender.post("/api/v1/threads", json=order, headers=KEY)
    other = await sender.post("/api/v1/threads", json=order, headers={"Idempotency-Key": "another"})
    assert (first.status_code, first.json()) == (202, again.json())
    assert first.json()["thread"].startswith("web/console/")
    assert other.json()["thread"] != first.json()["thread"]
    message, same, _ = served.conversations.delivered
    assert message.key == same.key == first.json()["key"]
    assert (message.author, message.subject, message.text.inline) == ("token:p-operator", "Add a log.", order["text"])
    assert (message.hints.budget, message.channel, message.thread) == (2.5, ChannelKind.CONSOLE, first.json()["thread"])
    accepted = served.trail.events[0]
    assert (accepted.action, accepted.actor) == (AuditAction.MESSAGE_ACCEPTED, "token:p-operator")


async def test_one_key_of_two_people_is_two_keys(served: Served, program: Program) -> None:
    order = {"repo": "web", "text": "Hello"}
    made = [
        (await program(role).post("/api/v1/threads", json=order, headers=KEY)).json()
        for role in (Role.OPERATOR, Role.ADMIN)
    ]
    assert made[0] != made[1]


@pytest.mark.parametrize(
    ("path", "order", "headers", "code", "words"),
    [
        ("threads", {"repo": "web", "text": "x"}, {}, 400, "Send a header Idempotency-Key"),
        ("threads", {"repo": "web", "text": "x"}, {"Idempotency-Key": "a b"}, 400, "Send a header Idempotency-Key"),
        ("threads", {"repo": "none", "text": "x"}, KEY, 422, "none has no console channel; these have: web, docs."),
        ("threads", {"repo": "web", "text": " \n"}, KEY, 422, "text: there is nothing in it."),
        ("threads", {"repo": "web"}, KEY, 422, "text: Field required"),
        ("threads", {"repo": "web", "text": "x", "budgit": 1}, KEY, 422, "budgit: Extra inputs are not permitted"),
        ("threads", {"repo": "web", "text": "x", "budget": -1}, KEY, 422, "budget: Input should be greater"),
        ("threads/web/console/none/messages", {"text": "x"}, KEY, 404, "No thread of this id is known here."),
        ("threads/web/console/abc/messages", {"text": "Stop."}, KEY, 422, "steers a conversation"),
        ("tasks/web/console/abc/retry", {}, {}, 404, "A task's id is"),
    ],
)
async def test_what_cannot_be_sent_is_said(
    served: Served,
    program: Program,
    path: str,
    order: dict[str, object],
    headers: dict[str, str],
    code: int,
    words: str,
) -> None:
    served.threads.rows = [ROW]
    answer = await program(Role.OPERATOR).post(f"/api/v1/{path}", json=order, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (code, "application/problem+json")
    assert answer.json()["instance"] == f"/api/v1/{path}"
    assert words in answer.json()["detail"]
    assert served.conversations.delivered == []


async def test_only_json_is_taken(program: Program) -> None:
    answer = await program(Role.OPERATOR).post("/api/v1/threads", data={"repo": "web", "text": "x"}, headers=KEY)
    assert answer.status_code == 415


async def test_a_message_reaches_a_thread_without_what_is_secret_here(served: Served, program: Program) -> None:
    served.threads.rows = [ROW]
    text = {"text": "Use sk-ant-api03-no-model-is-asked-here for it"}
    answer = await program(Role.OPERATOR).post("/api/v1/threads/web/console/abc/messages", json=text, headers=KEY)
    assert (answer.status_code, answer.json()["thread"]) == (202, "web/console/abc")
    (message,) = served.conversations.delivered
    assert message.thread == "web/console/abc"


async def test_a_server_that_is_away_has_the_same_sent_again(served: Served, program: Program) -> None:
    sender = program(Role.OPERATOR)
    for refusal, code in ((DeliveryDeferred("Temporal does not answer"), 503), (DeliveryRefused("too large"), 422)):
        served.conversations.refusal = refusal
        answer = await sender.post("/api/v1/threads", json={"repo": "web", "text": "x"}, headers=KEY)
        assert (answer.status_code, str(refusal) in answer.json()["detail"]) == (code, True)


async def test_a_command_that_is_carried_out_says_what_it_came_to(served: Served, program: Program) -> None:
    sender, thread = program(Role.OPERATOR), "web/console/abc"
    gone = await sender.post(f"/api/v1/threads/{thread}/pause")
    assert (gone.status_code, "nothing to pause" in gone.json()["detail"]) == (409, True)
    served.control.known[thread] = status(served)
    pending = await sender.post(f"/api/v1/threads/{thread}/pause", headers=KEY)
    assert (pending.status_code, pending.json()["reached"]) == (202, False)
    (order,) = served.control.told
    assert (order.name, order.author, order.answered) == (CommandName.PAUSE, "token:p-operator", False)
    record = CommandRecord(key=order.key, name=CommandName.PAUSE, author="a", at=served.now, said="is paused")
    served.control.known[thread] = status(served).model_copy(update={"commands": (record,)})
    done = await sender.post(f"/api/v1/threads/{thread}/pause", headers=KEY)
    assert (done.status_code, done.json()) == (
        200, {"thread": thread, "command": "pause", "reached": True, "said": "is paused"},
    )  # fmt: skip
    served.control.away = True
    away = await sender.post(f"/api/v1/threads/{thread}/stop")
    assert (away.status_code, "Sending it once more does no harm" in away.json()["detail"]) == (503, True)


async def test_a_task_is_done_again(served: Served, program: Program) -> None:
    served.control.known["web/console/abc"] = status(served)
    sender = program(Role.OPERATOR)
    done = await sender.post("/api/v1/tasks/web/console/abc/task-1/retry", json={"step": str(RetryStep.PUBLISH)})
    assert (done.status_code, done.json()) == (202, {"task": "web/console/abc/task-2"})
    odd = await sender.post("/api/v1/tasks/web/console/abc/task-1/retry", json={"step": "nowhere"})
    assert (odd.status_code, "step: Input should be" in odd.json()["detail"]) == (422, True)


async def test_a_viewer_changes_nothing(program: Program) -> None:
    answer = await program(Role.VIEWER).post("/api/v1/threads", json={"repo": "web", "text": "x"}, headers=KEY)
    assert (answer.status_code, answer.json()) == (
        403,
        {
            "title": "Forbidden",
            "status": 403,
            "detail": "Your role is viewer; this needs operator.",
            "instance": "/api/v1/threads",
        },
    )


async def test_a_page_of_ours_sends_its_form_token_in_a_header(served: Served) -> None:
    browser = await served.logged_in(Role.OPERATOR)
    order, headers = {"repo": "web", "text": "x"}, {**KEY, "Content-Type": "application/json"}
    without = await browser.post("/api/v1/threads", content=json.dumps(order), headers=headers)
    assert (without.status_code, "programs send an API token" in without.json()["detail"]) == (403, True)
    page = (await browser.get("/about")).text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    sent = await browser.post("/api/v1/threads", content=json.dumps(order), headers={**headers, "X-CSRF-Token": token})
    assert sent.status_code == 202
