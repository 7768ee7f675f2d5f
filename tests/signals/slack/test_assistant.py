"""Assistant threads: somebody opens one, and looks at channels beside it."""

from pathlib import Path

import pytest

from airut.adapters.slack.conversations import VIEW
from tests.signals.slack.stage import Stage, staged
from tests.support.slack.server import Fault
from tests.support.slack.workspace import BOT_USER, Json, User


def opened(stage: Stage, user: User, view: str | None = None, kind: str = "started", root: str | None = None) -> str:
    """Returns the thread's timestamp."""
    direct = stage.server.workspace.direct(user)
    thread_ts = root or stage.server.workspace.post(direct, user, "")["ts"]
    context = {"channel_id": view, "team_id": "T0TEAM", "enterprise_id": None} if view else {}
    thread = {"user_id": user.id, "context": context, "channel_id": direct.id, "thread_ts": thread_ts}
    stage.server.event({"type": f"assistant_thread_{kind}", "assistant_thread": thread, "event_ts": thread_ts})
    return str(thread_ts)


def said(stage: Stage, user: User, thread_ts: str) -> list[Json]:
    posts = stage.server.workspace.direct(user).thread(thread_ts)
    return [post for post in posts if post["user"] == BOT_USER]


async def test_whoever_opens_one_is_greeted_once_and_shown_what_could_be_asked(tmp_path: Path) -> None:
    prompts = ["Fix the build", "Review the newest pull request\nand be brief"]
    async with staged(tmp_path, suggested_prompts=prompts, greeting="Hi!") as stage:
        thread_ts = opened(stage, stage.ann, stage.channel.id)
        await stage.server.until(lambda: bool(stage.server.workspace.statuses))
        opened(stage, stage.ann, stage.channel.id, root=thread_ts)
        await stage.server.until(lambda: len(stage.server.workspace.statuses) == 2)
        (greeting,) = said(stage, stage.ann, thread_ts)
        assert (greeting["text"], greeting["metadata"]) == (
            "Hi!",
            {"event_type": VIEW, "event_payload": {"channel": stage.channel.id}},
        )
        assert stage.server.workspace.statuses[0]["prompts"] == [
            {"title": "Fix the build", "message": "Fix the build"},
            {"title": "Review the newest pull request", "message": prompts[1]},
        ]


async def test_the_greeting_is_ours_where_none_is_configured(stage: Stage) -> None:
    thread_ts = opened(stage, stage.ann)
    await stage.server.until(lambda: bool(said(stage, stage.ann, thread_ts)))
    assert said(stage, stage.ann, thread_ts)[0]["text"].startswith("Hello! Tell me what is to be done in `web`.")
    assert stage.server.workspace.statuses == []


async def test_the_channel_in_view_is_remembered_with_it(stage: Stage) -> None:
    thread_ts = opened(stage, stage.ann)
    opened(stage, stage.ann, "C0OTHER", kind="context_changed", root=thread_ts)
    await stage.server.until(
        lambda: (
            [post["metadata"]["event_payload"] for post in said(stage, stage.ann, thread_ts)]
            == [{"channel": "C0OTHER"}]
        )
    )
    await stage.server.until(lambda: bool(stage.threads.talk))
    ((thread, _),) = stage.threads.talk
    assert thread == f"web/slack/T0TEAM-{stage.server.workspace.direct(stage.ann).id}-{thread_ts}"
    before = opened(stage, stage.ann, "C0OTHER", kind="context_changed", root="1.000001")
    await stage.settled()
    assert said(stage, stage.ann, before) == []  # nobody was greeted there


@pytest.mark.parametrize("flag", ["is_restricted", "is_stranger"])
async def test_nobody_is_greeted_who_may_not_ask(stage: Stage, flag: str) -> None:
    other = stage.server.workspace.person("other", flags=frozenset({flag}))
    thread_ts = opened(stage, other)
    await stage.settled()
    assert said(stage, other, thread_ts) == []


async def test_a_greeting_that_fails_keeps_nothing_from_being_acknowledged(stage: Stage) -> None:
    stage.server.faults.append(Fault("chat.postMessage", error="restricted_action"))
    first = opened(stage, stage.ann)
    await stage.settled()
    second = opened(stage, stage.ann)
    await stage.server.until(lambda: bool(said(stage, stage.ann, second)))
    assert said(stage, stage.ann, first) == []
