"""The Slack channel with the real slack-bolt, from a mention to a pull request and back."""

import hashlib
from functools import partial

from airut.demo.script import bash, say
from tests.e2e.conversation import LIMIT, Conversation
from tests.support.slack.server import SlackServer
from tests.support.slack.workspace import BOT_USER, Channel, Json

TOLD = "until test -e /storage/go; do sleep 0.2; done"
COMMIT = "echo audit > audit.txt && git add audit.txt && git commit -qm 'Add audit logging'"


def said(channel: Channel, thread: str, *, progress: bool = False) -> list[Json]:
    """Answers, or what shows how tasks go."""
    ours = [post for post in channel.thread(thread) if post["user"] == BOT_USER]
    keys = [post["metadata"]["event_payload"]["key"] for post in ours]
    return [post for post, key in zip(ours, keys, strict=True) if key.endswith("/progress") == progress]


async def test_a_mention_becomes_a_pull_request_and_the_thread_goes_on(
    conversation: Conversation, slack: SlackServer
) -> None:
    look = bash("sha256sum /inbox/notes.txt")
    await conversation.plays(
        bash(f"{TOLD}; {COMMIT}"), say("Added **audit** logging."), look, say("It is in `audit.txt`.")
    )
    ann = slack.workspace.person("ann", real_name="Ann Lee")
    channel = slack.workspace.channel("general", ann)
    post = slack.write(channel, ann, f"<@{BOT_USER}> Add audit logging to the auth service", mention=True)
    shows = partial(said, channel, post["ts"], progress=True)
    await slack.until(lambda: any(each["text"].startswith("⚙️ Working") for each in shows()), LIMIT)
    (storage,) = conversation.stage.folder.glob("state/threads/web/slack/*/storage")
    (storage / "go").touch()
    await slack.until(lambda: len(said(channel, post["ts"])) == 1, LIMIT)
    (answer,) = said(channel, post["ts"])
    shown = "\n".join(block["text"]["text"] for block in answer["blocks"] if block["type"] == "section")
    assert "Added *audit* logging." in shown
    assert "Opened pull request <" in shown
    await slack.until(lambda: [each["name"] for each in post["reactions"]] == ["white_check_mark"], LIMIT)

    (progress,) = shows()
    await slack.until(lambda: progress["text"].startswith("✅ Done · "), LIMIT)
    texts = [call["text"] for name, call in slack.calls if name in ("chat.postMessage", "chat.update")]
    heads = dict.fromkeys(text.partition(" · ")[0] for text in texts)
    heads.pop("⏳ Waiting for a place on its host", None)  # where that is slow to take it
    assert list(heads)[:2] == ["⏳ Preparing", "⚙️ Working"]

    notes = slack.upload("notes.txt", b"log every login\n", "text/plain")
    reply = slack.write(channel, ann, "where is it?", thread=post["ts"], subtype="file_share", files=[notes])
    await slack.until(lambda: len(said(channel, post["ts"])) == 2, LIMIT)
    assert said(channel, post["ts"])[1]["blocks"][0]["text"]["text"].startswith("It is in `audit.txt`.")
    await slack.until(lambda: [each["name"] for each in reply.get("reactions", [])] == ["white_check_mark"], LIMIT)
    assert hashlib.sha256(b"log every login\n").hexdigest() in " ".join(await conversation.prompts())
    assert slack.refused == []
