"""Thread commands: the few words that steer a conversation instead of adding to it (spec: lifecycle §6, email §7)."""

import re
from datetime import datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.blob import Text
from airut.models.message import InboundMessage


class CommandName(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RETRY = "retry"
    STATUS = "status"
    CLOSE = "close"
    HELP = "help"


class ThreadCommand(Model):
    """One command of an authorized person. `message` says who, when and through which channel, and has no text left;
    its key makes a command that is delivered twice count once."""

    name: CommandName
    message: InboundMessage
    unknown: str | None = None
    """The word that was no command; `name` is then `help`."""
    answered: bool = True
    """False where whoever asked reads the state directly, as the command line does."""

    @property
    def key(self) -> str:
        return self.message.key

    @property
    def author(self) -> str:
        return self.message.author


class CommandRecord(Model):
    """A command that was carried out, and the state that it reached in words."""

    key: str
    name: CommandName
    author: str
    at: datetime
    said: str


_PREFIXED = re.compile(r"[/!]\s*([A-Za-z][A-Za-z-]{0,30})\s*\.?")
_BARE = re.compile(r"([A-Za-z]+)\s*\.?")


def parse_command(message: InboundMessage) -> ThreadCommand | None:
    """The command that a message is, or None for a prompt: the whole text is one word of the list, in any case, with
    an optional `/` or `!` before and `.` behind it. Without a prefix a message with a file is a prompt. A prefixed word
    that is no command is answered with the list, and never run.

    `text` must be free of quotes and signature.
    """
    text = (message.text.inline or "").strip()
    if match := _PREFIXED.fullmatch(text):
        return _command(message, match[1])
    if (match := _BARE.fullmatch(text)) and not message.attachments and match[1].lower() in set(CommandName):
        return _command(message, match[1])
    return None


def _command(message: InboundMessage, word: str) -> ThreadCommand:
    known = word.lower() in set(CommandName)
    return ThreadCommand(
        name=CommandName(word.lower()) if known else CommandName.HELP,
        message=without_text(message),
        unknown=None if known else word,
    )


def without_text(message: InboundMessage) -> InboundMessage:
    """Who, when and where of a message, for an answer to it."""
    return message.model_copy(update={"text": Text(inline=""), "uncut": None, "attachments": (), "notes": ()})
