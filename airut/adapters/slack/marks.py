"""Reactions on the messages of a task, by its state (spec: slack §7)."""

from collections.abc import Iterator

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.feedback import SlackFeedback
from airut.models.base import Model
from airut.models.slack.settings import SlackReactions
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.progress import ShowOrder
from airut.models.tasks.shown import ShownState
from airut.models.threads.message import SlackRoute


class Mark(Model):
    """What changes on one message. Slack takes few removals a minute: only what may be there is taken off."""

    channel: str
    ts: str
    put: str = ""
    off: tuple[str, ...] = ()


def marks(order: ShowOrder, names: SlackReactions) -> Iterator[Mark]:
    """Besides the one that says *accepted*, which stays until the end, a message wears one that says what it waits
    for."""
    shown = {
        ShownState.QUEUED: names.waiting,
        ShownState.PAUSED: names.paused,
        ShownState.QUESTION: names.question,
    }
    before = shown.get(order.shown.state, "") if order.shown.state is not None else ""
    closed = order.look.state is ShownState.CLOSED
    after = _outcome(order, names) if closed else shown.get(order.look.state, "")
    for route in order.routes:
        if not isinstance(route, SlackRoute):
            continue
        off = [names.accepted] if closed else []
        if before and before != after:
            off.append(before)
        if route in order.waited:
            off.append(names.waiting)
        put = after if after != before else ""
        if put or off:
            yield Mark(channel=route.channel, ts=route.ts, put=put, off=tuple(off))


def _outcome(order: ShowOrder, names: SlackReactions) -> str:
    done = order.outcome in {TaskOutcome.SUCCESS, TaskOutcome.NO_CHANGES}
    return names.done if done else names.failed


class SlackMarks:
    def __init__(self, web: AsyncWebClient, names: SlackReactions) -> None:
        self._feedback = SlackFeedback(web)
        self._names = names

    async def put(self, order: ShowOrder) -> bool:
        """False where some may be put later. Once more is harmless."""
        done = True
        for mark in marks(order, self._names):
            done = await self._feedback.mark(mark.channel, mark.ts, mark.put, mark.off) and done
        return done
