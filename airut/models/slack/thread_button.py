"""What a button beside a task says when it is pressed (spec: slack §9): the verb, and which task it stood for."""

import re
from enum import StrEnum

from airut.models.base import Model

_VALUE = re.compile(r"(\d{1,9}) (\S{1,1900})")


class Verb(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    RETRY = "retry"


class ThreadButton(Model):
    """One button. A press comes back from outside: whoever reads it still has to look where it was pressed."""

    verb: Verb
    thread: str
    task: int

    @property
    def action_id(self) -> str:
        return f"airut.{self.verb}"

    @property
    def value(self) -> str:
        return f"{self.task} {self.thread}"


ACTION = re.compile(rf"airut\.({'|'.join(Verb)})")
"""The action ids of all such buttons."""


def read_button(action_id: str, value: str) -> ThreadButton | None:
    """What `action_id` and `value` were made from; None where we made neither."""
    action, found = ACTION.fullmatch(action_id), _VALUE.fullmatch(value)
    if action is None or found is None:
        return None
    return ThreadButton(verb=Verb(action[1]), thread=found[2], task=int(found[1]))
