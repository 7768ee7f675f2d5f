"""The real slack-bolt on a real socket: what is acknowledged when, and what reaches a thread."""

import asyncio
from pathlib import Path

import pytest

from airut.models.threads.command import ThreadCommand
from airut.models.threads.message import InboundMessage, SlackRoute
from signals.status import ListenerState
from tests.signals.slack.stage import HURRIED, MENTION, Stage, staged
from tests.support.slack.methods import BOT_TOKEN
from tests.support.slack.server import Fault
from tests.support.slack.workspace import BOT_USER, TEAM


async def test_a_mention_becomes_a_message_of_its_thread(stage: Stage) -> None:
    post = stage.server.write(stage.channel, stage.ann, f"{MENTION} add a &lt;test&gt;\nplease", mention=True)
    await stage.settled()
    (first,) = stage.threads.accepted  # though a mention comes twice, as both of its events
    assert isinstance(first, InboundMessage)
    assert first.thread == f"web/slack/{TEAM}-{stage.channel.id}-{post['ts']}"
    assert (first.author, first.subject, first.text.inline) == (
        f"ann ({stage.ann.id})",
        "add a <test>",
        "add a <test>\nplease",
    )
    assert first.route == SlackRoute(
        team=TEAM, channel=stage.channel.id, thread_ts=post["ts"], ts=post["ts"], user=stage.ann.id
    )
    await stage.server.until(lambda: post.get("reactions") == [{"name": "eyes", "users": [BOT_USER], "count": 1}])


async def test_what_is_read_again_keeps_the_sign_of_its_outcome(stage: Stage) -> None:
    direct = stage.server.workspace.direct(stage.ann)
    done = [{"name": "white_check_mark", "users": [BOT_USER], "count": 1}]
    stage.server.write(direct, stage.ann, "hello", reactions=done)
    begun = stage.server.write(direct, stage.ann, "and this")
    await stage.settled()
    assert stage.threads.texts == ["hello", "and this"]
    await stage.server.until(lambda: bool(begun.get("reactions")))
    assert done == [{"name": "white_check_mark", "users": [BOT_USER], "count": 1}]


async def test_an_event_is_acknowledged_after_temporal_has_it(stage: Stage) -> None:
    stage.threads.delay = 0.3
    stage.server.write(stage.server.workspace.direct(stage.ann), stage.ann, "hello")
    await asyncio.sleep(0.15)
    assert not stage.server.envelopes[0].acknowledged.is_set()
    await stage.server.until(stage.server.envelopes[0].acknowledged.is_set)
    assert stage.threads.texts == ["hello"]


async def test_while_temporal_is_away_slack_keeps_the_event(stage: Stage) -> None:
    stage.server.sockets.ack_timeout = HURRIED
    stage.threads.away = 2
    stage.server.write(stage.server.workspace.direct(stage.ann), stage.ann, "hello")
    await stage.server.until(stage.server.envelopes[0].acknowledged.is_set)
    assert stage.threads.texts == ["hello"]


async def test_until_we_know_who_we_are_slack_keeps_the_event(stage: Stage) -> None:
    stage.server.sockets.ack_timeout = HURRIED
    stage.server.faults += [Fault("auth.test", status=500), Fault("auth.test", error="internal_error")]
    stage.server.write(stage.server.workspace.direct(stage.ann), stage.ann, "hello")
    await stage.server.until(stage.server.envelopes[0].acknowledged.is_set)
    assert stage.threads.texts == ["hello"]


async def test_what_in_a_channel_is_for_us(stage: Stage) -> None:
    bo = stage.server.workspace.person("bo")
    begun = stage.server.write(stage.channel, stage.ann, f"{MENTION} start", mention=True)["ts"]
    await stage.settled()
    for text, thread in [
        ("people talking", None),
        ("go on", begun),
        ("// not for it", begun),
        (f"<@{bo.id}> what do you think", begun),
        (f"{MENTION} and <@{bo.id}>", begun),
        ("in another thread", "1.000001"),
    ]:
        stage.server.write(stage.channel, stage.ann, text, thread=thread)
        await stage.settled()
    assert stage.threads.texts == ["start", "go on", "and @bo"]
    (start, *_) = (each for each in stage.threads.accepted if isinstance(each, InboundMessage))
    talk = [post["ts"] for post in stage.channel.thread(begun) if post["text"].startswith(("//", f"<@{bo.id}"))]
    assert list(dict.fromkeys(stage.threads.talk)) == [(start.thread, float(ts)) for ts in talk]


async def test_a_long_text_is_kept_beside_the_history(stage: Stage) -> None:
    stage.server.write(stage.server.workspace.direct(stage.ann), stage.ann, "word " * 4000)
    await stage.settled()
    (accepted,) = stage.threads.accepted
    assert isinstance(accepted, InboundMessage)
    assert accepted.text.blob is not None


async def test_secrets_are_taken_out(stage: Stage) -> None:
    direct = stage.server.workspace.direct(stage.ann)
    file = {"id": "F1", "name": f"{BOT_TOKEN}.txt", "mimetype": "text/plain", "size": 3}
    file |= {"url_private": f"https://files.slack.com/F1/{BOT_TOKEN}.txt"}  # Slack makes it of the name
    stage.server.write(direct, stage.ann, f"use {BOT_TOKEN} for it", files=[file])
    await stage.settled()
    assert stage.threads.texts == ["use *** for it"]
    (message,) = stage.threads.accepted
    assert isinstance(message, InboundMessage)
    assert [(each.name, each.url) for each in message.files] == [("***.txt", "")]


async def test_commands_and_hints(stage: Stage) -> None:
    direct = stage.server.workspace.direct(stage.ann)
    for text in ("model: opus\nbudget: 5\ndo it", "!stop", "stop"):
        stage.server.write(direct, stage.ann, text)
        await stage.settled()
    first, *commands = stage.threads.accepted
    assert isinstance(first, InboundMessage)
    assert (first.text.inline, first.hints.model, first.hints.budget) == ("do it", "opus", 5)
    assert [str(each.name) for each in commands if isinstance(each, ThreadCommand)] == ["stop", "stop"]


async def test_who_is_not_listed_is_told_once_and_outsiders_never(stage: Stage) -> None:
    guest = stage.server.workspace.person("guest", flags=frozenset({"is_restricted"}))
    stranger = stage.server.workspace.person("stranger", flags=frozenset({"is_stranger"}))
    stage.channel.members |= {guest.id, stranger.id}
    for who in (guest, guest, stranger):
        stage.server.write(stage.channel, who, f"{MENTION} do it", mention=True)
        await stage.settled()
    assert stage.threads.accepted == []
    await stage.server.until(lambda: bool(stage.server.workspace.ephemeral))
    (told,) = stage.server.workspace.ephemeral
    assert (told["channel"], told["user"]) == (stage.channel.id, guest.id)
    assert "You are not on the list" in told["text"]


async def test_who_is_refused_is_in_the_audit_log_and_is_told_whom_to_ask(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "airut.audit")
    async with staged(tmp_path, owner="U0OWNER1") as stage:
        guest = stage.server.workspace.person("guest", flags=frozenset({"is_ultra_restricted"}))
        gone = stage.server.workspace.person("gone", flags=frozenset({"deleted"}))
        elsewhere = stage.server.workspace.person("elsewhere", team="T0OTHER")
        stage.channel.members |= {guest.id, gone.id, elsewhere.id}
        for who in (guest, gone, elsewhere):
            stage.server.write(stage.channel, who, f"{MENTION} do it")
            await stage.settled()
        await stage.server.until(lambda: bool(stage.server.workspace.ephemeral))
        (told,) = stage.server.workspace.ephemeral
        assert told["text"] == "You are not on the list of those who may give tasks for `web`; ask <@U0OWNER1>."
        lines = [record.getMessage() for record in caplog.records if record.name == "airut.audit"]
        assert [line.partition(", channel")[0] for line in dict.fromkeys(lines)] == [
            f"message.refused web/slack by {guest.id} (reason: not listed",
            f"message.refused web/slack by {gone.id} (reason: outsider",
            f"message.refused web/slack by {elsewhere.id} (reason: outsider",
        ]
        assert stage.threads.accepted == []


async def test_a_name_that_nobody_has_keeps_it_from_listening_until_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, listens=False, channels=["#general", "#dev"]) as stage:
        space = stage.server.workspace
        await stage.server.until(lambda: "#dev" in stage.intake.status.reason)
        assert (stage.intake.status.state, stage.server.connections) == ("degraded", 0)
        assert "not listening: repos.web.channels.slack.channels: there is no channel #dev" in caplog.text
        space.channel("dev", bot=False)  # to be invited to
        await stage.server.until(lambda: stage.server.connections == 1)
        stage.server.write(stage.channel, stage.ann, f"{MENTION} do it")
        await stage.server.until(lambda: stage.threads.texts == ["do it"])
        assert stage.intake.status.state == "connected"


async def test_a_channel_that_is_not_listed(stage: Stage) -> None:
    elsewhere = stage.server.workspace.channel("random", stage.ann)
    stage.server.write(elsewhere, stage.ann, f"{MENTION} do it", mention=True)
    stage.server.write(elsewhere, stage.ann, "people talking")
    await stage.settled()
    await stage.server.until(lambda: bool(stage.server.workspace.ephemeral))
    assert [each["text"] for each in stage.server.workspace.ephemeral] == [
        "Tasks for `web` are not taken in this channel."
    ]
    assert stage.threads.accepted == []


async def test_a_connected_app_is_degraded_by_what_it_cannot_read(stage: Stage) -> None:
    await stage.server.until(lambda: stage.intake.status.state is ListenerState.CONNECTED)
    stage.server.faults += [Fault("users.conversations", error="token_revoked")]
    await stage.server.cut()
    await stage.server.until(lambda: "token_revoked" in stage.intake.status.reason)
    status = stage.intake.status
    assert (status.state, status.reason) == (
        ListenerState.DEGRADED,
        "SlackAway: users.conversations: token_revoked "
        "(the token was revoked: install the app again and set the new token)",
    )
    assert status.next_try is not None
    await stage.server.until(lambda: stage.intake.status.state is ListenerState.CONNECTED)


async def test_slack_asks_for_a_new_socket(stage: Stage) -> None:
    await stage.server.disconnect()
    await stage.server.until(lambda: stage.server.sockets.log == ["opened", "opened", "closed"])
    stage.server.write(stage.server.workspace.direct(stage.ann), stage.ann, "still there?")
    await stage.settled()
    assert set(stage.threads.texts) == {"still there?"}


async def test_a_socket_that_is_cut_is_opened_again(stage: Stage) -> None:
    await stage.server.cut()
    stage.server.write(stage.server.workspace.direct(stage.ann), stage.ann, "hello")
    await stage.server.until(lambda: stage.server.connections == 1)
    stage.server.write(stage.server.workspace.direct(stage.ann), stage.ann, "again")
    await stage.server.until(lambda: "again" in stage.threads.texts)


async def test_draining_finishes_what_is_in_hand_and_leaves_the_rest(stage: Stage) -> None:
    stage.server.sockets.ack_timeout = HURRIED
    stage.threads.delay = 0.2
    direct = stage.server.workspace.direct(stage.ann)
    stage.server.write(direct, stage.ann, "in hand")
    await stage.server.until(lambda: stage.threads.begun == 1)
    draining = asyncio.create_task(stage.intake.drain())
    await asyncio.sleep(0.01)
    stage.server.write(direct, stage.ann, "too late")
    await draining
    assert stage.threads.texts == ["in hand"]
    await stage.server.until(lambda: stage.server.envelopes[1].tries >= 2)
    assert not stage.server.envelopes[1].acknowledged.is_set()


async def test_what_was_written_while_nobody_listened_is_handed_over_in_order(stage: Stage) -> None:
    direct, channel = stage.server.workspace.direct(stage.ann), stage.channel
    begun = stage.server.write(channel, stage.ann, f"{MENTION} start", mention=True)["ts"]
    await stage.settled()
    await stage.server.cut()
    for place, text, thread in [
        (direct, "first", None),
        (channel, f"{MENTION} second", None),
        (channel, "people talking", None),
        (channel, "third", begun),
        (direct, "fourth", None),
    ]:
        stage.server.workspace.post(place, stage.ann, text, thread=thread)
    await stage.server.until(lambda: "fourth" in stage.threads.texts)
    assert stage.threads.texts == ["start", "first", "second", "third", "fourth"]


async def test_what_could_not_be_handed_over_is_read_again(stage: Stage) -> None:
    """Slack gives an event up in the end, also where the socket was there all the time."""
    direct = stage.server.workspace.direct(stage.ann)
    post = stage.server.workspace.post(direct, stage.ann, "hello")
    stage.threads.away = 2
    (event,) = stage.server.events(direct, post, mention=False)
    envelope = stage.server.event(event, retries=0)
    await stage.server.until(lambda: stage.threads.texts == ["hello"])
    assert (envelope.tries, envelope.acknowledged.is_set()) == (1, False)
