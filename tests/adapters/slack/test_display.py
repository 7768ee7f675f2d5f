"""What a thread shows of its open task, against Slack as it documents itself."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.display import SlackDisplay
from airut.errors import DeliveryDeferred
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.progress import Look, RunProgress, ShowOrder
from airut.models.tasks.shown import Shown, ShownState
from airut.models.tasks.terms import TaskTerms
from airut.models.threads.message import ChannelKind, SlackRoute
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import BOT_USER, TEAM, Channel, Json, User

TERMS = TaskTerms(model="opus", time_s=7200, max_turns=200, budget_usd=10)


class Stage:
    """Ann has asked for something. Each `display` is another process."""

    def __init__(self, slack: SlackServer, web: AsyncWebClient, *, kind: str = "channel") -> None:
        self.slack = slack
        self.web = web
        self.ann: User = slack.workspace.person("ann")
        self.channel: Channel = slack.workspace.channel("general", self.ann, kind=kind)
        self.asked = slack.workspace.post(self.channel, self.ann, "do it")
        self.numbers = 0

    def display(self, speed: float = 1.0, **settings: object) -> SlackDisplay:
        values = {
            "bot_token": Secret(BOT_TOKEN),
            "app_token": Secret(APP_TOKEN),
            "authorized": [{"workspace_members": True}],
        }
        channel = SlackChannel.model_validate(values | settings)
        return SlackDisplay(
            self.web, WebDirectory(self.web), channel, lambda hints: TERMS, lambda: time.monotonic() * speed
        )

    def order(self, state: ShownState, shown: Shown | None = None, **more: object) -> ShowOrder:
        self.numbers += 1
        route = SlackRoute(
            team=TEAM, channel=self.channel.id, thread_ts=self.asked["ts"], ts=self.asked["ts"], user=self.ann.id
        )
        now = datetime.now(UTC)
        values: dict[str, object] = {
            "thread": "web/slack/t", "repo": "web", "channel": ChannelKind.SLACK, "task": 1, "number": self.numbers,
            "look": Look(state=state), "shown": shown or Shown(), "routes": (route,), "begun": now, "at": now,
        }  # fmt: skip
        return ShowOrder.model_validate(values | more)

    @property
    def said(self) -> list[Json]:
        return [post for post in self.channel.thread(self.asked["ts"]) if post["user"] == BOT_USER]

    @property
    def texts(self) -> list[str]:
        return [post["text"] for post in self.said]

    def calls(self, method: str) -> int:
        return sum(name == method for name, _ in self.slack.calls)


@pytest.fixture
def stage(slack: SlackServer, web: AsyncWebClient) -> Stage:
    return Stage(slack, web)


def running(*done: str, step: str = "") -> RunProgress:
    plan = [PlanItem(text=text, state="completed") for text in done]
    return RunProgress(plan=(*plan, PlanItem(text="the rest", state="in_progress")), step=step)


async def test_a_task_has_one_message_from_its_start_to_its_end(stage: Stage) -> None:
    display = stage.display()
    shown = await display.show(stage.order(ShownState.PREPARING))
    (post,) = stage.said
    assert shown == Shown(message=post["ts"], state=ShownState.PREPARING, follows=True)
    assert "opus · at most 2 h, 200 turns, $10.00" in str(post["blocks"])
    shown = await display.show(stage.order(ShownState.RUNNING, shown))
    await display.update(stage.order(ShownState.RUNNING, shown), running("look"))
    assert "✅ look\\n🔄 the rest" in str(post["blocks"])
    closed = stage.order(ShownState.CLOSED, shown, outcome=TaskOutcome.SUCCESS)
    await display.show(closed)
    assert stage.texts == ["✅ Done · 0 s"]
    assert [block["type"] for block in post["blocks"]] == ["section"]
    assert [one["name"] for one in stage.asked["reactions"]] == ["white_check_mark"]


async def test_a_post_whose_answer_was_lost_is_found_by_another_process(stage: Stage) -> None:
    stage.slack.faults.append(Fault("chat.postMessage", after_effect=True))
    order = stage.order(ShownState.PREPARING)
    with pytest.raises(DeliveryDeferred):
        await stage.display().show(order)
    shown = await stage.display().show(order)
    assert shown.message == stage.said[0]["ts"]
    assert len(stage.said) == 1


async def test_after_a_restart_the_same_message_goes_on(stage: Stage) -> None:
    before = stage.display()
    shown = await before.show(stage.order(ShownState.RUNNING))
    order = stage.order(ShownState.RUNNING, shown)
    await before.update(order, running("look"))
    await stage.display().update(order, running("look", "write"))
    (post,) = stage.said
    assert "✅ look\\n✅ write\\n🔄 the rest" in str(post["blocks"])


async def test_after_a_pause_the_plan_of_before_is_not_shown(stage: Stage) -> None:
    display = stage.display(speed=1000)
    shown = await display.show(order := stage.order(ShownState.RUNNING))
    await display.update(order.model_copy(update={"shown": shown}), running("look"))
    for state in (ShownState.PAUSED, ShownState.RUNNING):
        shown = await display.show(stage.order(state, shown))
        assert "look" not in str(stage.said[0]["blocks"])


async def test_what_looks_the_same_is_not_sent_again(stage: Stage) -> None:
    display = stage.display(progress_interval="1s", speed=60)
    shown = await display.show(stage.order(ShownState.RUNNING))
    order = stage.order(ShownState.RUNNING, shown)
    for _ in range(5):
        await display.update(order, running(step="Bash: make"))
        await asyncio.sleep(0.05)  # three seconds of its own
    assert stage.calls("chat.update") == 1


async def test_what_was_deleted_is_not_posted_again(stage: Stage) -> None:
    display = stage.display()
    shown = await display.show(stage.order(ShownState.PREPARING))
    del stage.channel.posts[str(shown.message)]
    shown = await display.show(stage.order(ShownState.RUNNING, shown))
    assert shown.gone
    assert not shown.follows
    for state in (ShownState.PAUSED, ShownState.CLOSED):
        assert await display.show(stage.order(state, shown, outcome=TaskOutcome.STOPPED)) == shown
    assert stage.said == []
    assert [one["name"] for one in stage.asked["reactions"]] == ["double_vertical_bar", "x"]


async def test_an_update_finds_out_that_it_was_deleted(stage: Stage) -> None:
    display = stage.display()
    shown = await display.show(stage.order(ShownState.RUNNING))
    del stage.channel.posts[str(shown.message)]
    assert (await display.update(stage.order(ShownState.RUNNING, shown), running())).gone


async def test_a_limit_drops_updates_and_delays_a_state(stage: Stage) -> None:
    display = stage.display()
    shown = await display.show(stage.order(ShownState.RUNNING))
    stage.slack.faults.append(Fault("chat.update", status=429, retry_after=30))
    order = stage.order(ShownState.RUNNING, shown)
    assert await display.update(order, running()) == shown
    with pytest.raises(DeliveryDeferred) as raised:
        await display.show(stage.order(ShownState.PAUSED, shown))
    assert raised.value.retry_after == pytest.approx(30, abs=20)
    assert stage.calls("chat.update") == 0  # the emulated Slack does not count what it limits


async def test_another_error_ends_what_is_shown_and_nothing_else(stage: Stage) -> None:
    display = stage.display()
    stage.slack.faults.append(Fault("chat.postMessage", error="restricted_action"))
    assert await display.show(order := stage.order(ShownState.PREPARING)) == order.shown
    shown = await display.show(stage.order(ShownState.RUNNING))
    stage.slack.faults.append(Fault("chat.update", error="edit_window_closed"))
    assert (await display.show(stage.order(ShownState.PAUSED, shown))).gone


async def test_what_was_overtaken_is_not_shown(stage: Stage) -> None:
    display = stage.display()
    shown = await display.show(stage.order(ShownState.RUNNING))
    late = stage.order(ShownState.RUNNING, shown)
    await display.show(stage.order(ShownState.PAUSED, shown))
    await display.update(late, running("look"))
    await display.show(late)
    assert stage.texts == ["⏸️ Paused"]


async def test_without_progress_there_are_reactions_alone(stage: Stage) -> None:
    display = stage.display(progress=False)
    shown = await display.show(stage.order(ShownState.QUESTION))
    assert shown == Shown()
    assert stage.said == []
    assert [one["name"] for one in stage.asked["reactions"]] == ["question"]


async def test_a_reaction_that_may_be_put_later_is(stage: Stage) -> None:
    order = stage.order(ShownState.PAUSED)
    stage.slack.faults.append(Fault("reactions.add", status=429, retry_after=1))
    with pytest.raises(DeliveryDeferred):
        await stage.display().show(order)
    await stage.display().show(order)
    await stage.display().show(order)  # already_reacted
    assert [one["name"] for one in stage.asked["reactions"]] == ["double_vertical_bar"]
    assert len(stage.said) == 1


async def test_a_direct_message_has_a_status_until_the_agent_starts_and_a_title(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    stage = Stage(slack, web, kind="im")
    display = stage.display()
    shown = await display.show(stage.order(ShownState.PREPARING, title="Add audit logging " * 9))
    for state in (ShownState.RUNNING, ShownState.PAUSED):
        shown = await display.show(stage.order(state, shown))
    place = {"channel_id": stage.channel.id, "thread_ts": stage.asked["ts"]}
    assert slack.workspace.statuses == [
        {**place, "title": ("Add audit logging " * 9)[:60]},
        {**place, "status": "is preparing…"},
        {**place, "status": ""},
    ]


async def test_a_thread_that_is_no_assistants_has_neither(slack: SlackServer, web: AsyncWebClient) -> None:
    stage = Stage(slack, web, kind="im")
    slack.faults.append(Fault("assistant.threads.setStatus", error="thread_not_found"))
    await stage.display().show(stage.order(ShownState.PREPARING))
    assert stage.texts == ["⏳ Preparing"]


async def test_twenty_busy_tasks_stay_below_forty_a_minute_and_their_last_words_are_shown(slack: SlackServer) -> None:
    """On a clock on which a minute is half a second, so without the limits of the app's other calls."""
    speed, tasks = 120.0, 20
    stage = Stage(slack, AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.base}/api/", retry_handlers=[]))
    display = stage.display(speed)
    orders: list[ShowOrder] = []
    for task in range(1, tasks + 1):
        order = stage.order(ShownState.RUNNING, task=task)
        orders.append(order.model_copy(update={"shown": await display.show(order)}))
    begun = time.monotonic()

    async def busy(order: ShowOrder) -> None:
        for step in range(80):
            await display.update(order, running(step=f"step {step}"))
            await asyncio.sleep(3 / speed)
        display.leave(order)

    async def ends(order: ShowOrder) -> None:
        closed = {"number": 1000, "look": Look(state=ShownState.CLOSED), "outcome": TaskOutcome.NO_CHANGES}
        while True:
            try:
                await display.show(order.model_copy(update=closed))
            except DeliveryDeferred as error:
                await asyncio.sleep((error.retry_after or 1) / speed)
            else:
                return

    await asyncio.gather(*map(busy, orders))
    await asyncio.gather(*map(ends, orders))
    minutes = (time.monotonic() - begun) * speed / 60
    assert len(stage.texts) == tasks
    assert all(text.startswith("✅ Done, no changes") for text in stage.texts)
    assert tasks < stage.calls("chat.update") <= 39 * (minutes + 1)
