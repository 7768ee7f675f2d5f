"""Thread commands: the few words that steer a conversation instead of adding to it (spec: lifecycle §6, email §7)."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.blob import Text
from airut.models.questions.question import ItemAnswer
from airut.models.threads.message import InboundMessage


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
    """The word that was no command; `name` is then `help`. Empty where the whole message was: the answer says so."""
    task: int | None = None
    """The task that is meant; None is whichever is open. A button stands beside one, and must not act on the next."""
    answered: bool = True
    """False where whoever asked reads the state directly, as the command line does."""
    said: str = ""
    """What a channel itself has to say of a message that it did not take; `name` is then `help`."""
    freeze: bool = True
    """Of a pause: False leaves no agent frozen, as before the machine is switched off."""

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


class RetryStep(StrEnum):
    """Where a retry begins; what came before is taken from the records of the task that is retried."""

    PREPARE = "prepare"
    AGENT = "agent"
    PUBLISH = "publish"
    REPLY = "reply"


class AnswerOrder(Model):
    """Argument of the update `answer`: the answer to the question that a task waits for. `choices` are numbers or
    labels, in the order of the questions; `text` is free text. `items` come from where options are picked, not named:
    one for each item, and nothing is to be read from words."""

    question_id: str
    choices: tuple[str, ...] = ()
    text: str = ""
    items: tuple[ItemAnswer, ...] = ()
    task: int | None = None
    """The task that has asked; None is whichever is open. The id of a question can come again in a later one."""
    author: str
    key: str
    """Makes an answer that is sent twice count once."""
    at: datetime


class CommandWord(Model):
    """A command as it was written. `unknown` and `said` as in `ThreadCommand`."""

    name: CommandName
    unknown: str | None = None
    said: str = ""


EMPTY = CommandWord(name=CommandName.HELP, unknown="")
"""What a message without any words is: it is answered with the commands."""

_PREFIXED = re.compile(r"[/!]\s*([A-Za-z][A-Za-z-]{0,30})\s*\.?")
_BARE = re.compile(r"([A-Za-z]+)\s*\.?")


def read_word(text: str, has_files: bool = False) -> CommandWord | None:
    """The command that a text is, or None for a prompt: the whole text is one word of the list, in any case, with an
    optional `/` or `!` before and `.` behind it. Without a prefix a message with a file is a prompt. A prefixed word
    that is no command is answered with the list, and never run.

    `text` must be free of quotes and signature.
    """
    text = _trimmed(text)
    if match := _PREFIXED.fullmatch(text):
        return _word(match[1])
    if (match := _BARE.fullmatch(text)) and not has_files and match[1].lower() in set(CommandName):
        return _word(match[1])
    return None


def parse_command(message: InboundMessage) -> ThreadCommand | None:
    """The command that a message is, or None for a prompt; see `read_word`."""
    word = read_word(message.text.inline or "", bool(message.attachments or message.files))
    return None if word is None else command_of(message, word)


def command_of(message: InboundMessage, word: CommandWord, answered: bool = True) -> ThreadCommand:
    return ThreadCommand(
        name=word.name, message=without_text(message), unknown=word.unknown, answered=answered, said=word.said
    )


def _word(word: str) -> CommandWord:
    known = word.lower() in set(CommandName)
    return CommandWord(name=CommandName(word.lower())) if known else CommandWord(name=CommandName.HELP, unknown=word)


def _trimmed(text: str) -> str:
    """Without white space, and the invisible characters that phones and mail programs put around words."""
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while start < end and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def without_text(message: InboundMessage) -> InboundMessage:
    """Who, when and where of a message, for an answer to it."""
    return message.model_copy(
        update={"text": Text(inline=""), "uncut": None, "attachments": (), "files": (), "notes": ()}
    )


Submission = InboundMessage | ThreadCommand
"""What a channel hands over: something to do, or a command."""
