"""An answer as the posts that it takes: texts, blocks, keys (spec: slack §10). Pure."""

import hashlib
from typing import Any

from airut.adapters.slack.buttons import element
from airut.adapters.slack.text.inline import escaped
from airut.adapters.slack.text.lengths import MESSAGES, head, messages, sections
from airut.adapters.slack.text.mentions import Mentions
from airut.adapters.slack.text.mrkdwn import Line, lines
from airut.models.base import Model
from airut.models.slack.thread_button import ThreadButton, Verb
from airut.models.tasks.reply import Outbound

HEAD = 2_500
"""Characters of an answer that is too long for so many messages; the whole goes along as a file."""
LONG = 64 * 1024
"""Characters that are rendered as a whole: five messages hold less, and a megabyte of short lines takes a minute."""
BEGINNING = 4 * HEAD
"""Characters of a longer answer that are rendered, for its head."""
NOTIFIED = 150
"""Characters of what a notification shows."""
REPLY_FILE = "reply.md"
EVENT = "airut_reply"
"""The type of our messages' metadata, by which a retry finds what was posted."""

Json = dict[str, Any]


class SlackPost(Model):
    """One message; `key` tells it from every other of ours."""

    key: str
    text: str
    """What a notification shows, and what is posted where blocks are refused."""
    sections: tuple[str, ...]
    body: tuple[Json, ...] = ()
    """Blocks below the sections."""
    footer: str = ""
    buttons: tuple[Json, ...] = ()

    def blocks(self) -> list[Json]:
        found: list[Json] = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in self.sections]
        found += [dict(block) for block in self.body]
        if self.footer:
            found.append({"type": "context", "elements": [{"type": "mrkdwn", "text": self.footer}]})
        if self.buttons:
            found.append({"type": "actions", "elements": list(self.buttons)})
        found[-1]["block_id"] = block_id(self.key)
        return found

    @property
    def words(self) -> str:
        """All of it as plain text."""
        body = (block["text"]["text"] for block in self.body if "text" in block)
        return "\n".join((*self.sections, *body, self.footer)).strip()

    def metadata(self) -> Json:
        return metadata(self.key)

    def is_at(self, message: Json) -> bool:
        """Whether this is what stands there."""
        return has_key(message, self.key)


def block_id(key: str) -> str:
    """Of a message's last block: by it a message is known also where its metadata is lost."""
    return f"airut.{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def metadata(key: str) -> Json:
    return {"event_type": EVENT, "event_payload": {"key": key}}


def has_key(message: Json, key: str) -> bool:
    told = message.get("metadata") or {}
    if told.get("event_type") == EVENT and (told.get("event_payload") or {}).get("key") == key:
        return True
    return any(block.get("block_id") == block_id(key) for block in message.get("blocks") or ())


class SlackAnswer(Model):
    """All posts of an answer, and its text as a file where they do not hold it."""

    posts: tuple[SlackPost, ...]
    whole: bytes | None = None


def answer(outbound: Outbound, mentions: Mentions, notes: tuple[str, ...] = ()) -> SlackAnswer:
    """`notes` are what could not be sent along."""
    is_long = len(outbound.markdown) > LONG
    found = lines(outbound.markdown[:BEGINNING] if is_long else outbound.markdown, mentions)
    texts = sections(found) or ["\u200b"]
    parts = messages(texts)
    whole = None
    if is_long or len(parts) > MESSAGES:
        parts, whole = (
            [[head(found, HEAD) or "…", f"_The whole answer is in {REPLY_FILE}._"]],
            outbound.markdown.encode(),
        )
    footer = "\n".join(escaped(line) for line in (*notes, *outbound.footer))[:2000]
    retry = ThreadButton(verb=Verb.RETRY, thread=outbound.thread, task=outbound.task)
    again = (element(retry),) if outbound.failed else ()
    posts = tuple(
        SlackPost(
            key=f"{outbound.key}/{number}",
            text=_notified(part[0]),
            sections=tuple(part),
            footer=footer if number == len(parts) - 1 else "",
            buttons=again if number == len(parts) - 1 else (),
        )
        for number, part in enumerate(parts)
    )
    return SlackAnswer(posts=posts, whole=whole)


def _notified(text: str) -> str:
    """The first line, with what it refers to left whole."""
    line = next((line for line in text.splitlines() if line.strip("` >")), text)
    return next(iter(sections([Line(text=line)], NOTIFIED)), "…")
