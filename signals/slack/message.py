"""A post to the one value that its thread is given (spec: slack §3, §5). Pure."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airut.models.blob import Text
from airut.models.command import Submission, command_of, read_word
from airut.models.message import ChannelKind, InboundMessage, RemoteFile, SlackRoute
from airut.ports.slack import SlackBot
from signals.mail.attachments import distinct, safe_name
from signals.mail.hints import read_hints
from signals.slack.events import Post
from signals.slack.text import Names, mentioned, readable, without_mention, words

CONTEXT_SUBJECT = 80
"""Characters of a thread's first line that tell it from others in lists."""


def thread_id(repo: str, team: str, channel: str, thread_ts: str) -> str:
    """The workflow's id: from Slack's own names alone, so that there is no mapping to lose."""
    return f"{repo}/slack/{team}-{channel}-{thread_ts}"


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
    """The people whose names the text needs."""
    return frozenset((post.user, *mentioned(words(post.body))))


def submission(post: Post, repo: str, bot: SlackBot, names: Names, now: datetime, most_files: int) -> Submission:
    """A command, or a message."""
    hinted = read_hints(readable(without_mention(words(post.body), bot.user), names).strip(), (), ())
    key, *also = message_keys(bot.team, post)
    files, notes = _files(post, most_files)
    message = InboundMessage(
        key=key,
        also=tuple(also),
        thread=thread_id(repo, bot.team, post.channel, post.thread_ts),
        repo=repo,
        channel=ChannelKind.SLACK,
        author=f"{names.get(post.user, post.user)} ({post.user})",
        open_to_authorized=True,
        sent_at=datetime.fromtimestamp(float(post.ts), UTC),
        received_at=now,
        subject=_first_line(hinted.text),
        text=Text(inline=hinted.text),
        hints=hinted.hints,
        notes=(*hinted.notes, *notes),
        files=files,
        route=SlackRoute(team=bot.team, channel=post.channel, thread_ts=post.thread_ts, ts=post.ts, user=post.user),
    )
    word = read_word(hinted.text, has_files=bool(post.body.get("files")))
    return message if word is None else command_of(message, word)


def _files(post: Post, most: int) -> tuple[tuple[RemoteFile, ...], tuple[str, ...]]:
    """The files that can be fetched, and a note for each that cannot."""
    found: list[RemoteFile] = []
    notes: list[str] = []
    taken: set[str] = set()
    for number, file in enumerate(post.body.get("files") or (), 1):
        media_type = str(file.get("mimetype") or "application/octet-stream")
        name = distinct(safe_name(str(file.get("name") or file.get("title") or ""), media_type, number), taken)
        url = file.get("url_private_download") or file.get("url_private")
        if why := _obstacle(file, url, room=len(found) < most):
            notes.append(f"the file {name} was left out: {why}")
        else:
            size = int(file.get("size") or 0)
            found.append(RemoteFile(id=str(file.get("id")), name=name, media_type=media_type, size=size, url=str(url)))
    return tuple(found), tuple(notes)


def _obstacle(file: Mapping[str, Any], url: object, *, room: bool) -> str:
    """Why a file cannot be had; the empty string when it can. Modes: https://docs.slack.dev/reference/objects/file-object."""
    mode = file.get("mode")
    if mode == "tombstone":
        return "it was deleted"
    if mode == "hidden_by_limit":
        return "Slack hides it, since the workspace's storage is full"
    if mode == "external" or file.get("is_external"):
        return "it lies with another service; send the file itself"
    if mode in ("canvas", "quip", "list") or not url:
        return "it is no file that can be fetched; send its text"
    return "" if room else "there are too many files"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:CONTEXT_SUBJECT]
