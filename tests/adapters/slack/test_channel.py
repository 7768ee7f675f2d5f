"""Answers as they stand in the thread, each of them once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.slack.channel import SlackAnswers
from airut.adapters.slack.directory import WebDirectory
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.questions.asked import Asked, QuestionEnd
from airut.models.questions.question import Question
from airut.models.tasks.reply import Outbound, ReplyKind
from airut.models.threads.message import Attachment, SlackRoute
from tests.support.agent_results import QUESTION
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import BOT_USER, TEAM, Channel, Json, User


class Stage:
    def __init__(self, slack: SlackServer, web: AsyncWebClient, folder: Path) -> None:
        self.slack = slack
        self.web = web
        self.blobs = LocalBlobStore(folder)
        self.ann: User = slack.workspace.person("ann", real_name="Ann Lee")
        self.channel: Channel = slack.workspace.channel("general", self.ann)
        self.asked = slack.workspace.post(self.channel, self.ann, "do it")

    @property
    def answers(self) -> SlackAnswers:
        """Another process each time: nothing is remembered."""
        return SlackAnswers(self.web, WebDirectory(self.web), self.blobs)

    def outbound(self, markdown: str, **more: object) -> Outbound:
        route = SlackRoute(
            team=TEAM, channel=self.channel.id, thread_ts=self.asked["ts"], ts=self.asked["ts"], user=self.ann.id
        )
        values: dict[str, object] = {
            "key": "web/slack/t/task-1/done/0", "repo": "web", "thread": "t", "task": 1, "kind": ReplyKind.ANSWER,
            "at": datetime.now(UTC), "markdown": markdown, "routes": (route,),
            "again": True,
        }  # fmt: skip
        return Outbound.model_validate(values | more)

    @property
    def said(self) -> list[Json]:
        return [post for post in self.channel.thread(self.asked["ts"]) if post["user"] == BOT_USER]

    @property
    def texts(self) -> list[str]:
        return [
            "\n".join(block["text"]["text"] for block in post.get("blocks", []) if "text" in block)
            for post in self.said
        ]


@pytest.fixture
def stage(slack: SlackServer, web: AsyncWebClient, tmp_path: Path) -> Stage:
    return Stage(slack, web, tmp_path)


async def test_an_answer_stands_in_the_thread(stage: Stage) -> None:
    outbound = stage.outbound("**Done**, @ann.\n\nSee [#7](https://a.test/7).", footer=("$0.42 · 3 turns",))
    delivered = await stage.answers.send(outbound)
    (post,) = stage.said
    assert delivered.message_id == f"{stage.channel.id}/{post['ts']}"
    assert (post["thread_ts"], post["text"]) == (stage.asked["ts"], f"*Done*, <@{stage.ann.id}>.")
    assert [block["type"] for block in post["blocks"]] == ["section", "context"]
    assert post["blocks"][0]["text"]["text"] == f"*Done*, <@{stage.ann.id}>.\n\nSee <https://a.test/7|#7>."
    assert post["blocks"][1]["elements"][0]["text"] == "$0.42 · 3 turns"


async def test_what_is_for_one_persons_eyes(stage: Stage) -> None:
    outbound = stage.outbound("Too late.", kind=ReplyKind.NOTE, private=True)
    await stage.answers.send(outbound)
    stage.slack.faults.append(Fault("chat.postEphemeral", error="user_not_in_channel"))
    await stage.answers.send(outbound)  # which nobody needs so much that it should come again
    assert (stage.said, stage.slack.workspace.ephemeral) == (
        [],
        [{"channel": stage.channel.id, "user": stage.ann.id, "text": "Too late.", "thread_ts": stage.asked["ts"]}],
    )


async def test_what_has_failed_can_be_done_again_with_a_button(stage: Stage) -> None:
    thread = f"web/slack/{TEAM}-{stage.channel.id}-{stage.asked['ts']}"
    outbound = stage.outbound("**No.**\n\n" + "a" * 12_000, failed=True, thread=thread, task=3, footer=("$0.42",))
    await stage.answers.send(outbound)
    await stage.answers.send(outbound)
    first, last = stage.said
    assert [block["type"] for block in last["blocks"]][-2:] == ["context", "actions"]
    assert last["blocks"][-1]["block_id"].startswith("airut.")  # by which the post is found
    (retry,) = last["blocks"][-1]["elements"]
    assert (retry["action_id"], retry["value"]) == ("airut.retry", f"3 {thread}")
    assert "actions" not in [block["type"] for block in first["blocks"]]


async def test_the_first_try_looks_for_nothing(stage: Stage) -> None:
    await stage.answers.send(stage.outbound("Done.", again=False))
    assert stage.texts == ["Done."]
    assert [method for method, _ in stage.slack.calls] == ["chat.postMessage"]


async def test_an_answer_is_posted_once(stage: Stage) -> None:
    outbound = stage.outbound("Done.")
    first = await stage.answers.send(outbound)
    assert await stage.answers.send(outbound) == first
    assert stage.texts == ["Done."]


async def test_a_post_whose_answer_was_lost_is_found_again(stage: Stage) -> None:
    stage.slack.faults.append(Fault("chat.postMessage", after_effect=True))
    outbound = stage.outbound("Done.")
    with pytest.raises(DeliveryDeferred):
        await stage.answers.send(outbound)
    await stage.answers.send(outbound)
    assert stage.texts == ["Done."]


async def test_parts_that_are_there_are_not_posted_again(stage: Stage) -> None:
    markdown = "\n\n".join(f"{letter * 2900}" for letter in "abcdefgh")
    outbound = stage.outbound(markdown)
    stage.slack.faults += [Fault("conversations.replies", status=200, error="internal_error")]
    with pytest.raises(DeliveryDeferred):
        await stage.answers.send(outbound)
    assert stage.said == []
    posted = 0

    async def part_by_part() -> None:
        nonlocal posted
        for _ in range(3):
            stage.slack.faults.append(Fault("chat.postMessage", after_effect=True))
            with pytest.raises(DeliveryDeferred):
                await stage.answers.send(outbound)
            posted += 1
            assert len(stage.said) == posted

    await part_by_part()
    await stage.answers.send(outbound)
    assert "".join(stage.texts).replace("\n", "") == markdown.replace("\n", "")
    assert len(stage.said) == 3


async def test_what_is_too_long_goes_along_as_a_file(stage: Stage) -> None:
    markdown = "\n\n".join(f"paragraph {number} " + "word " * 550 for number in range(30))
    await stage.answers.send(stage.outbound(markdown))
    text, file = stage.said
    assert "The whole answer is in reply.md" in str(text["blocks"])
    assert (file["files"][0]["name"], stage.slack.workspace.contents[file["files"][0]["id"]]) == (
        "reply.md",
        markdown.encode(),
    )


async def test_files_go_once(stage: Stage) -> None:
    ref = await stage.blobs.put(b"a,b\n1,2\n")
    attachment = Attachment(name="table.csv", media_type="text/csv", content=ref)
    gone = Attachment(name="gone.bin", media_type="x/y", content=ref.model_copy(update={"sha256": "0" * 64}))
    outbound = stage.outbound("Here.", attachments=(attachment, gone))
    stage.slack.faults.append(Fault("files.completeUploadExternal", after_effect=True))
    with pytest.raises(DeliveryDeferred):
        await stage.answers.send(outbound)
    delivered = await stage.answers.send(outbound)
    assert [post["files"][0]["name"] for post in stage.said if "files" in post] == ["table.csv"]
    assert delivered.notes == ("Not attached: gone.bin, since it cannot be read any more",)
    assert "gone.bin" in str(stage.said[0]["blocks"])


async def test_names_are_nice_to_have(stage: Stage) -> None:
    stage.slack.faults.append(Fault("users.info", status=500))
    await stage.answers.send(stage.outbound("Done."))
    assert stage.texts == ["Done."]


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_too_long"])
async def test_blocks_that_slack_refuses_become_plain_text_and_a_file(stage: Stage, error: str) -> None:
    stage.slack.faults += [Fault("chat.postMessage", error=error), Fault("upload", status=503)]
    outbound = stage.outbound("**Done**", footer=("$1",))
    with pytest.raises(DeliveryDeferred):
        await stage.answers.send(outbound)
    await stage.answers.send(outbound)  # finds the text, and that it has no blocks
    text, file = stage.said
    assert (text["text"], "blocks" in text) == ("*Done*\n$1", False)
    assert file["files"][0]["name"] == "reply.md"
    assert stage.slack.workspace.contents[file["files"][0]["id"]] == b"**Done**"


async def test_a_file_that_slack_refuses_is_named_and_the_rest_goes(stage: Stage) -> None:
    refs = [await stage.blobs.put(content) for content in (b"a", b"bb", b"ccc")]
    attachments = tuple(Attachment(name=f"{n}.txt", media_type="text/plain", content=ref) for n, ref in enumerate(refs))
    stage.slack.faults += [
        Fault("files.getUploadURLExternal", error="file_type_restricted"),
        Fault("upload", status=400),
    ]
    await stage.answers.send(stage.outbound("Here.", attachments=attachments))
    assert [post["files"][0]["name"] for post in stage.said if "files" in post] == ["2.txt"]
    assert stage.texts[-1] == (
        "Not attached: 0.txt, since Slack refuses it (file_type_restricted)\n"
        "Not attached: 1.txt, since Slack refuses it (HTTP 400)"
    )


async def test_a_place_that_is_gone_is_told_in_a_direct_message_once(stage: Stage) -> None:
    stage.channel.archived = True
    for _ in range(2):
        with pytest.raises(DeliveryRefused, match="is_archived"):
            await stage.answers.send(stage.outbound("The secret plan."))
    (told,) = stage.slack.workspace.direct(stage.ann).posts.values()
    assert told["text"] == (
        f"My answer to your message in <#{stage.channel.id}> cannot be posted there: it is archived. "
        "It is kept: `airut thread show t` shows it."
    )
    assert stage.said == []


async def test_who_cannot_be_told_either_changes_nothing(stage: Stage) -> None:
    stage.channel.members.clear()
    stage.slack.faults.append(Fault("chat.postMessage", error="user_not_found"))
    with pytest.raises(DeliveryRefused, match="not_in_channel"):
        await stage.answers.send(stage.outbound("Done."))
    assert stage.slack.workspace.direct(stage.ann).posts == {}


@pytest.mark.parametrize(
    ("fault", "kind", "after"),
    [
        (Fault("auth.test", error="token_revoked"), DeliveryDeferred, 300.0),
        (Fault("auth.test", status=500), DeliveryDeferred, None),
        (Fault("conversations.replies", status=429, retry_after=30), DeliveryDeferred, 30.0),
        (Fault("chat.postMessage", error="fatal_error"), DeliveryDeferred, None),
        (Fault("chat.postMessage", error="a_new_refusal"), DeliveryRefused, None),
        (Fault("chat.postMessage", status=429, retry_after=30), DeliveryDeferred, 30.0),
        (Fault("chat.postMessage", status=503), DeliveryDeferred, None),
        (Fault("chat.postMessage", error="token_revoked"), DeliveryDeferred, 300.0),
        (Fault("chat.postMessage", error="is_archived"), DeliveryRefused, None),
        (Fault("conversations.replies", error="channel_not_found"), DeliveryRefused, None),
    ],
)
async def test_refusals(stage: Stage, fault: Fault, kind: type[Exception], after: float | None) -> None:
    stage.slack.faults.append(fault)
    with pytest.raises(kind) as caught:
        await stage.answers.send(stage.outbound("Done."))
    assert getattr(caught.value, "retry_after", None) == after
    assert "xoxb" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert stage.said == []


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
async def test_a_limit_on_files_delays_the_answer(stage: Stage, method: str) -> None:
    ref = await stage.blobs.put(b"a")
    outbound = stage.outbound("Done.", attachments=(Attachment(name="a.txt", media_type="text/plain", content=ref),))
    stage.slack.faults.append(Fault(method, status=429, retry_after=30))
    with pytest.raises(DeliveryDeferred) as caught:
        await stage.answers.send(outbound)
    assert caught.value.retry_after == 30.0


async def test_another_channels_message_has_no_place_here(stage: Stage) -> None:
    with pytest.raises(DeliveryRefused, match="no message from Slack"):
        await stage.answers.send(stage.outbound("Done.", routes=()))


def asked(stage: Stage, question: Question) -> Asked:
    outbound = stage.outbound("")
    return Asked(
        key="web/slack/t/task-1/ask/1", thread="t", task=1, at=outbound.at, lead="I looked.", question=question,
        routes=outbound.routes,
    )  # fmt: skip


async def test_a_question_stands_in_the_thread_until_it_is_over(stage: Stage) -> None:
    question = asked(stage, QUESTION)
    outbound = stage.outbound("whole", key=question.key, kind=ReplyKind.QUESTION, asked=question, again=True)
    first = await stage.answers.send(outbound)
    assert await stage.answers.send(outbound) == first
    (post,) = stage.said
    assert "actions" in [block["type"] for block in post["blocks"]]
    end = QuestionEnd(at=datetime.now(UTC), author=f"ann ({stage.ann.id})", replies=("spaces",))
    for _ in range(2):
        await stage.answers.settle(question, end)
    (post,) = stage.said
    assert [block["type"] for block in post["blocks"]] == ["section"] * 4
    assert post["blocks"][-1]["text"]["text"].startswith(f"✅ *spaces*\n_answered by_ <@{stage.ann.id}>, <!date^")
    assert await stage.answers.send(outbound) == first  # by its key it is found as before


async def test_a_question_that_is_not_there_or_stays_as_it_is(stage: Stage) -> None:
    question, end = asked(stage, QUESTION), QuestionEnd(at=datetime.now(UTC))
    await stage.answers.settle(question, end)
    await stage.answers.send(stage.outbound("", key=question.key, asked=question))
    stage.slack.faults.append(Fault("chat.update", error="message_not_found"))
    await stage.answers.settle(question, end)
    stage.slack.faults.append(Fault("chat.update", status=503))
    with pytest.raises(DeliveryDeferred):
        await stage.answers.settle(question, end)


async def test_a_question_whose_blocks_slack_refuses_can_be_answered_by_text(stage: Stage) -> None:
    stage.slack.faults.append(Fault("chat.postMessage", error="invalid_blocks"))
    question = asked(stage, QUESTION)
    await stage.answers.send(stage.outbound("whole", key=question.key, kind=ReplyKind.QUESTION, asked=question))
    assert stage.said[0]["text"] == (
        f"I looked.\n❓ <@{stage.ann.id}> The agent has a question:\n*Tabs or spaces?*\n\n1) tabs\n2) spaces\n"
        "Reply with a number, or in your own words. Anybody who may give tasks here can answer."
    )
