"""A question as a message with what it is answered by (spec: slack §9). Pure.

What can be chosen is known by its place in the question, never by its label, which Slack cuts at 75 characters.
"""

import re
from collections.abc import Sequence
from typing import Any

from airut.adapters.slack.buttons import plain
from airut.adapters.slack.posts import SlackAnswer, SlackPost, answer
from airut.adapters.slack.text.inline import escaped
from airut.adapters.slack.text.lengths import sections
from airut.adapters.slack.text.mentions import Mentions
from airut.adapters.slack.text.mrkdwn import Line, lines
from airut.models.questions.answer_parsing import how_to_answer, option_line, question_markdown
from airut.models.questions.asked import Asked, QuestionEnd
from airut.models.questions.question import Question, QuestionItem
from airut.models.slack.question_place import CHOOSE, OTHER, PICK, SELECT, SEND, QuestionPlace
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import Outbound
from airut.models.threads.message import SlackRoute

LABEL = 75
"""Characters of a label (https://docs.slack.dev/reference/block-kit/composition-objects/option-object)."""
BUTTONS_MOST = 5
"""Options as buttons: more of them are easier found in a menu."""
BOXES_MOST, MENU_MOST = 10, 100
"""Options of boxes and of a menu that Slack takes."""
ITEM_SECTIONS = 2
"""Sections of 3,000 characters for one item; what is longer is posted whole before the question."""
LEAD_MOST = 12_000
"""Characters of it that are looked at: what is longer hardly fits, and a megabyte takes a minute."""
LEAD_SECTIONS = 1
"""Of what stands before the question in its message; what is longer is posted before it."""
MENTIONED = 5
"""People."""
REPLY = 500
"""Characters that are shown of an answer to one item."""
REPLY_ESCAPED = 700
"""The same as they are sent: answers to four items go into one section."""

Json = dict[str, Any]
_PERSON = re.compile(r".* \(([UW][A-Z0-9]{2,})\)")
"""An author who came through Slack."""


def _is_cut(question: Question) -> bool:
    """Whether the message cannot hold the whole of what is asked."""
    return any(len(_item_texts(question, number)) > ITEM_SECTIONS for number in range(len(question.items)))


def question_answer(outbound: Outbound, asked: Asked, mentions: Mentions) -> SlackAnswer:
    """The message that asks, and others before it where it cannot hold all that is said."""
    if _holds_all(asked, mentions):
        return SlackAnswer(posts=(question_post(asked, mentions),))
    whole = question_markdown(asked.question) if _is_cut(asked.question) else ""
    markdown = "\n\n".join(part for part in (asked.lead, whole) if part)
    before = answer(outbound.model_copy(update={"markdown": markdown, "footer": ()}), mentions)
    return SlackAnswer(posts=(*before.posts, question_post(asked, mentions)), whole=before.whole)


def question_post(asked: Asked, mentions: Mentions) -> SlackPost:
    """The message that asks."""
    question, several = asked.question, len(asked.question.items) > 1
    place = QuestionPlace(task=asked.task, question_id=question.id)
    blocks = _opening(asked, mentions)
    for number, item in enumerate(question.items):
        blocks += _item_blocks(question, number, place)
        if (element := _element(item, several)) is not None:
            blocks.append(_standing(element, place.item(number)))
    blocks.append({"type": "actions", "block_id": place.all, "elements": _row(question)})
    return SlackPost(
        key=f"{asked.key}/question",
        text=_notified(asked),
        sections=(),
        body=tuple(blocks),
        footer=f"{how_to_answer(question)} Anybody who may give tasks here can answer.",
    )


def settled_post(asked: Asked, end: QuestionEnd, mentions: Mentions) -> SlackPost:
    """The same message once nobody can answer it any more."""
    place = QuestionPlace(task=asked.task, question_id=asked.question.id)
    blocks = _opening(asked, mentions)
    for number in range(len(asked.question.items)):
        blocks += _item_blocks(asked.question, number, place)
    return SlackPost(
        key=f"{asked.key}/question",
        text=_notified(asked),
        sections=(),
        body=(*blocks, _section(_ended(end))),
        footer="",
    )


def _opening(asked: Asked, mentions: Mentions) -> list[Json]:
    """What the agent has said before, where that was not posted by itself, and whom it asks."""
    lead = _lead(asked, mentions) if _holds_all(asked, mentions) else ()
    return [_section(text) for text in (*lead, _asked_whom(asked))]


def _holds_all(asked: Asked, mentions: Mentions) -> bool:
    is_short = len(asked.lead) <= LEAD_MOST and len(_lead(asked, mentions)) <= LEAD_SECTIONS
    return is_short and not _is_cut(asked.question)


def _lead(asked: Asked, mentions: Mentions) -> list[str]:
    return sections(lines(asked.lead, mentions))


def _asked_whom(asked: Asked) -> str:
    routes = [route for route in asked.routes if isinstance(route, SlackRoute) and not route.opens]
    people = " ".join(f"<@{user}>" for user in list(dict.fromkeys(route.user for route in routes))[:MENTIONED])
    what = "a question" if len(asked.question.items) == 1 else f"{len(asked.question.items)} questions"
    return f"❓ {people} The agent has {what}:".replace("  ", " ")


def _notified(asked: Asked) -> str:
    return f"{_asked_whom(asked)} {escaped(asked.question.items[0].text[:150])}"


def _item_texts(question: Question, number: int) -> list[str]:
    item, several = question.items[number], len(question.items) > 1
    head = f"**{number + 1}. {item.text.strip()}**" if several else f"**{item.text.strip()}**"
    options = [option_line(place, option, several).removeprefix("- ") for place, option in enumerate(item.options)]
    below = [Line(text=escaped(" ".join(option.split()))) for option in options]
    return sections([*lines(head), *([Line(text="")] if below else []), *below])


def _item_blocks(question: Question, number: int, place: QuestionPlace) -> list[Json]:
    blocks = [_section(text) for text in _item_texts(question, number)[:ITEM_SECTIONS]]
    blocks[0]["block_id"] = place.text(number)
    return blocks


def _element(item: QuestionItem, several: bool) -> Json | None:
    """What holds a choice until it is sent, or sends it by itself; None where buttons do, or nothing can be chosen."""
    count = len(item.options)
    if not count or _has_buttons(item, several):
        return None
    options = [_option(number, option.label) for number, option in enumerate(item.options)]
    if item.multiple:
        kind = "checkboxes" if count <= BOXES_MOST else "multi_static_select"
    else:
        kind = "radio_buttons" if several and count <= BOXES_MOST else "static_select"
    element: Json = {"type": kind, "action_id": CHOOSE, "options": options[:MENU_MOST]}
    if kind == "static_select" and not several:
        element["action_id"] = SELECT
    if kind.endswith("select"):
        element["placeholder"] = plain("Choose…")
    return element


def _has_buttons(item: QuestionItem, several: bool) -> bool:
    return not several and not item.multiple and 0 < len(item.options) <= BUTTONS_MOST


def _standing(element: Json, block_id: str) -> Json:
    """A menu of several does not stand among actions."""
    if element["type"] == "multi_static_select":
        return {**_section("Choose one or several:"), "block_id": block_id, "accessory": element}
    return {"type": "actions", "block_id": block_id, "elements": [element]}


def _row(question: Question) -> list[Json]:
    """The buttons below: each option's own, or the one that sends what is chosen; and the way to one's own words."""
    first, *more = question.items
    row: list[Json] = []
    if _has_buttons(first, bool(more)):
        for number, option in enumerate(first.options):
            row.append(_button(option.label.strip() or f"{number + 1}", f"{PICK}.{number}", str(number)))
    elif more or first.multiple:
        row.append({**_button("Send", SEND), "style": "primary"})
    other = "Other…" if any(item.options for item in question.items) else "Answer…"
    return [*row, _button(other, OTHER)]


def _button(label: str, action_id: str, value: str = "1") -> Json:
    return {"type": "button", "text": plain(_cut(label)), "action_id": action_id, "value": value}


def _option(number: int, label: str) -> Json:
    return {"text": plain(_cut(label.strip() or f"{number + 1}")), "value": str(number)}


def _cut(label: str) -> str:
    return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"


def _ended(end: QuestionEnd) -> str:
    if end.replies:
        when = f"<!date^{int(end.at.timestamp())}^{{date_short_pretty}} {{time}}|{end.at:%Y-%m-%d %H:%M} UTC>"
        return f"✅ {_replies(end.replies)}\n_answered by_ {_person(end.author)}, {when}"
    match end.outcome:
        case TaskOutcome.QUESTION_EXPIRED:
            return "⌛ Not answered in time. Nothing was assumed: answer in this thread, and the work goes on."
        case TaskOutcome.STOPPED:
            return "⏹️ Not open any more: the task was stopped."
        case _:
            return "Not open any more: the task has ended."


def _replies(replies: Sequence[str]) -> str:
    if len(replies) == 1:
        return _said(replies[0])
    return "\n".join(f"{number}. {_said(reply)}" for number, reply in enumerate(replies, 1) if reply.strip())


def _said(reply: str) -> str:
    """In one line, and bold where that cannot come out otherwise."""
    whole = escaped(" ".join(reply[:REPLY].split()))
    line = next(iter(sections([Line(text=whole)], REPLY_ESCAPED)), "")
    line += "…" if len(reply) > REPLY or len(line) < len(whole) else ""
    return line if "*" in line else f"*{line}*"


def _person(author: str) -> str:
    found = _PERSON.fullmatch(author)
    return f"<@{found[1]}>" if found else escaped(author)


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
