"""A post to the one value that its thread is given (spec: slack §3, §5). Pure."""

import hashlib
from datetime import UTC, datetime

from airut.models.blob import Text
from airut.models.slack.files import files_of
from airut.models.slack.settings import SlackLimits
from airut.models.slack.text import Names, readable, unnamed, without_mention, words
from airut.models.slack.thread import slack_thread
from airut.models.threads.command import Submission, command_of, read_word
from airut.models.threads.message import ChannelKind, InboundMessage, SlackRoute
from airut.ports.slack import SlackBot
from signals.mail.hints import read_hints
from signals.slack.events import Post

CONTEXT_SUBJECT = 80
"""Characters of a thread's first line that tell it from others in lists."""


def message_keys(team: str, post: Post) -> tuple[str, ...]:
    """What makes two deliveries one message: where it stands, and the id that its author's program gave it, under
    which it may have been posted twice."""
    key = message_key(team, post.channel, post.ts)
    if post.client_id is None:
        return (key,)
    return key, _hashed(f"slack/{team}/{post.channel}/client/{post.user}/{post.client_id}")


def message_key(team: str, channel: str, ts: str) -> str:
    return _hashed(f"slack/{team}/{channel}/{ts}")


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def referred(post: Post) -> frozenset[str]:
    """The people, groups and channels whose names the text needs."""
    return frozenset((post.user, *unnamed(words(post.body))))


def submission(post: Post, repo: str, bot: SlackBot, names: Names, now: datetime, limits: SlackLimits) -> Submission:
    """A command, or a message."""
    hinted = read_hints(readable(without_mention(words(post.body), bot.user), names).strip(), (), ())
    key, *also = message_keys(bot.team, post)
    files, notes = files_of(post.body, limits.files)
    text, cut = hinted.text[: limits.text], len(hinted.text) > limits.text
    if cut:
        notes = (*notes, f"the message was cut after {limits.text} characters; send what is longer as a file")
    message = InboundMessage(
        key=key,
        also=tuple(also),
        thread=slack_thread(repo, bot.team, post.channel, post.thread_ts),
        repo=repo,
        channel=ChannelKind.SLACK,
        author=f"{names.get(post.user, post.user)} ({post.user})",
        participants=(post.user,),
        open_to_authorized=True,
        sent_at=datetime.fromtimestamp(float(post.ts), UTC),
        received_at=now,
        subject=_first_line(hinted.text),
        text=Text(inline=text),
        hints=hinted.hints,
        notes=(*hinted.notes, *notes),
        files=files,
        follows=not post.begins,
        route=SlackRoute(team=bot.team, channel=post.channel, thread_ts=post.thread_ts, ts=post.ts, user=post.user),
    )
    word = read_word(hinted.text, has_files=bool(post.body.get("files")))
    return message if word is None else command_of(message, word)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:CONTEXT_SUBJECT]
