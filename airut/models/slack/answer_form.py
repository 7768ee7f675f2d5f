"""The form for an answer in one's own words, between the press that opens it and its submission (spec: slack §9)."""

from collections.abc import Mapping
from typing import Any

from airut.models.base import Model
from airut.models.slack.question_place import QuestionPlace


class AnswerForm(Model):
    """Where the question stands that it answers, and how many items that has. It travels through the form."""

    channel: str
    thread_ts: str
    place: QuestionPlace
    items: int


class FormItem(Model):
    """One item as its message shows it: its text as mrkdwn, and what it can be chosen by, if anything but buttons, with
    what is chosen there by now."""

    text: str
    element: Mapping[str, Any] | None = None
    chosen: tuple[str, ...] = ()
