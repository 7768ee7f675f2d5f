"""What can be killed: how it dies by kill -9, and how it comes back (spec: lifecycle §15)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.chaos.steps import Cell, Step
from tests.chaos.world import World

DOWN = 2.0
"""Seconds that a server of somebody else's is away: some tries of ours fall into them."""
MODEL_DOWN = 15.0
"""More than Claude Code bridges with tries of its own: the task waits, and resumes the session."""

Kill = Callable[[World, Sequence[Cell]], Awaitable[None]]


@dataclass(frozen=True)
class Component:
    """`kill` returns when the component is back."""

    name: str
    kill: Kill
    containers_only: bool = False
    """It is there only while a task has its sandbox."""

    def concerns(self, step: Step) -> bool:
        return step.has_container or not self.containers_only


def part(*words: str) -> Kill:
    """A process of `airut up` that has one of these words on its command line; its supervisor starts it again."""

    async def kill(world: World, cells: Sequence[Cell]) -> None:
        await world.kill_part(*words)

    return kill


def container(role: str) -> Kill:
    """The container of each task that has one; its task's next attempt makes another."""

    async def kill(world: World, cells: Sequence[Cell]) -> None:
        for cell in cells:
            if cell.step.has_container and not await world.kill_container(cell.thread, role):
                raise RuntimeError(f"{cell.token} has no {role} to kill in step {cell.step}")

    return kill


async def mail_server(world: World, cells: Sequence[Cell]) -> None:
    await asyncio.to_thread(world.stage.mail.kill)
    await asyncio.sleep(DOWN)
    await asyncio.to_thread(world.stage.mail.start)


async def forge(world: World, cells: Sequence[Cell]) -> None:
    """The stand-ins run in our process: their connections are cut and nothing listens. What they hold survives, as a
    forge's database would."""
    await world.forge_down()
    await asyncio.sleep(DOWN)
    await world.forge_up()


def model(seconds: float) -> Kill:
    """Runs in the process that plays the lab's internet: connections are cut, and new ones too for a while."""

    async def kill(world: World, cells: Sequence[Cell]) -> None:
        await world.internet.fail_model(seconds)
        await asyncio.sleep(seconds)

    return kill


async def everything(world: World, cells: Sequence[Cell]) -> None:
    await world.power_cut()
    await asyncio.sleep(1)
    await world.power_on()


COMPONENTS = (
    Component("intake", part("workers.intake")),
    Component("control worker", part("workers.control")),
    Component("host worker", part("workers.sandbox_host", "tests.chaos.idle_sandbox")),
    Component("proxy", container("proxy"), containers_only=True),
    Component("agent container", container("agent"), containers_only=True),
    Component("Temporal server", part("start-dev")),
    Component("mail server", mail_server),
    Component("forge", forge),
    Component("model API", model(MODEL_DOWN)),
    Component("reboot", everything),
)
