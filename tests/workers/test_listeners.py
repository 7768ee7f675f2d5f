"""Listeners are replaced when what they are made by changes, and the old one goes on where the new one fails."""

import asyncio
from datetime import UTC, datetime

import pytest

from airut.models.base import Model
from signals.status import ListenerState, ListenerStatus
from workers.listeners import Listeners

CONNECTING = ListenerStatus(state=ListenerState.CONNECTING, since=datetime(2026, 1, 2, tzinfo=UTC))


class Wish(Model):
    name: str
    password: str = "right"


class Box:
    """A listener that says what happens to it."""

    def __init__(self, wish: Wish, log: list[str]) -> None:
        self._wish = wish
        self._log = log
        self.status = CONNECTING

    async def run(self) -> None:
        self._say("begins")
        try:
            await asyncio.sleep(0)
            if self._wish.password == "broken":
                raise RuntimeError("a defect")
            now = datetime.now(UTC)
            right = self._wish.password.startswith("right")
            self.status = self.status.connected(now) if right else self.status.degraded("login refused", now, now)
            await asyncio.Event().wait()
        finally:
            self._say("ends")

    async def drain(self) -> None:
        self._say("drains")

    def _say(self, what: str) -> None:
        self._log.append(f"{self._wish.name}/{self._wish.password} {what}")


class Stage:
    def __init__(self) -> None:
        self.log: list[str] = []
        self.listeners = Listeners[Wish]()

    async def listen(self, *wishes: Wish) -> tuple[tuple[str, ...], list[str]]:
        """What is answered, and what has happened."""
        self.log.clear()
        answered = await self.listeners.listen(wishes, lambda wish: Box(wish, self.log))
        await asyncio.sleep(0.1)
        return answered, [*self.log]


async def test_what_is_the_same_goes_on_and_the_rest_comes_and_goes() -> None:
    stage = Stage()
    assert await stage.listen(Wish(name="a"), Wish(name="b")) == ((), ["a/right begins", "b/right begins"])
    assert await stage.listen(Wish(name="b"), Wish(name="c")) == (
        (),
        ["a/right drains", "a/right ends", "c/right begins"],
    )
    await stage.listeners.end()
    assert sorted(stage.log[3:]) == ["b/right drains", "b/right ends", "c/right drains", "c/right ends"]


async def test_one_is_replaced_after_what_it_has_in_hand() -> None:
    stage = Stage()
    await stage.listen(Wish(name="a"))
    replaced = ["a/right drains", "a/right ends", "a/right-2 begins"]
    assert await stage.listen(Wish(name="a", password="right-2")) == ((), replaced)
    await stage.listeners.end()


@pytest.mark.parametrize(("password", "why"), [("wrong", "login refused"), ("broken", "RuntimeError('a defect')")])
async def test_the_old_one_goes_on_where_the_new_one_fails(password: str, why: str) -> None:
    stage = Stage()
    await stage.listen(Wish(name="a"))
    answered, happened = await stage.listen(Wish(name="a", password=password))
    assert answered == (f"a: listened to as before the change, since the new listener fails: {why}",)
    assert [line for line in happened if "begins" in line] == [f"a/{password} begins", "a/right begins"]
    answered, _ = await stage.listen(Wish(name="a", password="right-2"))
    assert answered == ()
    await stage.listeners.end()


async def test_in_place_of_one_that_does_not_work_the_new_one_goes_on_trying() -> None:
    stage = Stage()
    await stage.listen(Wish(name="a", password="wrong"))
    answered, happened = await stage.listen(Wish(name="a", password="wrong-2"))
    assert (answered, happened[-1]) == ((), "a/wrong-2 begins")
    await stage.listeners.end()


async def test_one_that_ends_by_itself_ends_the_process() -> None:
    stage = Stage()
    await stage.listen(Wish(name="a", password="broken"))
    with pytest.raises(RuntimeError, match="a defect"):
        await stage.listeners.fallen()
