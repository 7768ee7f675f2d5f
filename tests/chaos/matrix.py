"""The crash matrix: every component is killed while tasks stand in every step, and then everything is counted."""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from airut.demo.repositories import GitFailed, git, resolve
from airut.demo.script import Script
from airut.demo.stage import REPOSITORY
from airut.models.base import Model
from airut.models.mail.message_id import parse_message_id
from airut.models.tasks.reply import ReplyKind
from airut.models.threads.thread import ThreadPhase
from tests.chaos import podman
from tests.chaos.check import CellRecord, Rest, wrong, wrong_at_rest
from tests.chaos.components import COMPONENTS, Component
from tests.chaos.leaks import leaks, places
from tests.chaos.steps import HELD, Cell, Step
from tests.chaos.world import World

SETTLE_LIMIT = 420.0
"""Seconds after a kill until its tasks must be done: a heartbeat time-out of a minute, an attempt that starts anew, and
what the model takes; four times that on a busy machine."""
LATE = (Step.FIRST_ANSWER, Step.STREAMING)
QUIET = 5.0
"""Seconds after the last answer in which a second one would come."""


class Verdict(Model):
    """All that is counted, and the seed that makes the same run again."""

    seed: int
    cells: tuple[CellRecord, ...]
    rest: Rest

    @property
    def wrong(self) -> tuple[str, ...]:
        """One line for each thing that is not as it must be."""
        found = [
            f"{cell.component} killed in step {cell.step} ({cell.token}): {', '.join(problems)}. That cell alone: "
            f'scripts/lab -- python -m tests.chaos --seed {self.seed} --cells "{cell.component}/{cell.step}"'
            for cell in self.cells
            if (problems := wrong(cell))
        ]
        return (*found, *wrong_at_rest(self.rest))


class Matrix:
    """Plays rounds on one world. Every token follows from the seed."""

    def __init__(self, world: World, seed: int, held: float = HELD) -> None:
        """`held`: seconds that the model takes for what a kill shall fall into."""
        self._world = world
        self._seed = seed
        self._held = held
        self._rng = random.Random(seed)
        self._cells: list[Cell] = []
        self._inspected: list[tuple[str, str]] = []

    async def round(self, kills: Sequence[tuple[Component, Sequence[Step]]]) -> None:
        """Bring a task into each of these steps, all at the same time; then kill the components one after the other,
        let everything go, and wait until the tasks are done."""
        planned = [
            (component, Cell(self._world, component.name, step, self._rng, self._held))
            for component, steps in kills
            for step in steps
        ]
        cells = [cell for _, cell in planned]
        self._cells += cells
        await self._play_scripts()
        await self._bring(cells)
        await self._look_inside()
        for component, _ in kills:
            await self._kill(component, [cell for chosen, cell in planned if chosen is component])
        await asyncio.sleep(self._rng.uniform(0, 1))
        for cell in cells:
            await cell.release()
        await self._settle(cells)

    async def _bring(self, cells: Sequence[Cell]) -> None:
        """Each into its step. Publishing and fetching of one repository wait for one another, and all tasks that begin
        after the image has changed wait for that one: so there is an order. A task that is to be killed while it is
        accepted is sent by whoever kills."""
        done: list[asyncio.Task[None]] = []
        for steps in (
            (Step.REPLYING, Step.PULL_REQUEST, Step.TOOL, Step.PAUSED, Step.QUESTION),
            (Step.PUSH, *LATE),
            (Step.IMAGE,),
            (Step.WORKSPACE,),
        ):
            group = [cell for cell in cells if cell.step in steps]
            for cell in group:
                await cell.send()
            done += [asyncio.create_task(cell.reached()) for cell in group]
            if Step.PUSH in steps:
                await asyncio.gather(*(cell.fetched() for cell in group))
            else:
                await asyncio.gather(*done)

    async def verdict(self) -> Verdict:
        """Count, when nothing is under way any more."""
        await asyncio.sleep(QUIET)
        world = self._world
        counted = [await self._count(cell) for cell in self._cells]
        left = await self._cleaned()
        texts = [*self._inspected, ("stage log", world.stage.log)]
        rest = Rest(
            unprocessed=world.unprocessed(),
            set_aside=sum(len(world.maildir("airut@mail.test", f"Airut/{name}")) for name in ("Rejected", "Failed")),
            leaked=await asyncio.to_thread(leaks, list(places(world)), texts, world.stage.secrets),
            left_over=left,
            violations=tuple(world.stage.forge.violations),
        )
        return Verdict(seed=self._seed, cells=tuple(counted), rest=rest)

    async def _play_scripts(self) -> None:
        steps = [step for cell in self._cells for step in cell.script()]
        await self._world.internet.register(self._world.stage.model_key, Script(steps=tuple(steps)))

    async def _kill(self, component: Component, cells: Sequence[Cell]) -> None:
        for cell in cells:
            if cell.step is Step.ACCEPTED:  # the mail is with the server, and then it happens
                await cell.send()
        await asyncio.sleep(self._rng.uniform(0, 0.5))
        await component.kill(self._world, cells)

    async def _look_inside(self) -> None:
        """What an operator, or a thief of an operator's screen, sees of the containers while they run."""
        found = await podman.containers(self._world.installation)
        text = await podman.inspected([each.name for each in found])
        self._inspected.append((f"podman inspect, {len(found)} containers", text))

    async def _settle(self, cells: Iterable[Cell]) -> None:
        """Until each has its answer and its thread is idle, or the limit is over: what is missing is counted later."""
        deadline = time.monotonic() + SETTLE_LIMIT
        for cell in cells:
            while not await self._done(cell) and time.monotonic() < deadline:
                await asyncio.sleep(1)

    async def _done(self, cell: Cell) -> bool:
        status = await self._world.thread(cell.thread)
        return status is not None and status.phase is ThreadPhase.IDLE and bool(status.recent)

    async def _cleaned(self) -> tuple[str, ...]:
        """A fence that was just claimed is made anew in the background: look until nothing changes any more."""
        left: tuple[str, ...] = ()
        for _ in range(10):
            left = await self._world.left_over()
            if not left:
                break
            await asyncio.sleep(2)
        return left

    async def _count(self, cell: Cell) -> CellRecord:
        world, stage = self._world, self._world.stage
        status = await world.thread(cell.thread)
        written = {mail["Message-ID"] for mail in cell.mails}
        answers = [mail for mail in world.received() if mail["In-Reply-To"] in written]
        ids = [str(mail["Message-ID"]) for mail in answers]
        ids = [each for each in ids if (ours := parse_message_id(each)) and ours.kind is ReplyKind.ANSWER]
        repository = stage.repositories / f"{REPOSITORY}.git"
        heads = git(repository, "for-each-ref", "--format=%(refname)", "refs/heads").splitlines()
        pulls = [pull for pull in stage.forge.pulls(REPOSITORY).all() if cell.token in pull.title]
        effects = cell.runs.read_text().split().count(cell.token) if cell.runs.exists() else 0
        outcome = str(status.recent[-1].outcome) if status and status.recent else None
        return CellRecord(
            component=cell.component,
            step=cell.step,
            token=cell.token,
            answers=tuple(ids),
            effects=effects,
            pull_requests=len(pulls),
            branches=sum(1 for head in heads if _has(repository, head, f"{cell.token}.txt")),
            outcome=outcome,
            took=round(status.recent[-1].ended_at.timestamp() - cell.sent_at, 1) if status and status.recent else 0,
        )


def _has(repository: Path, revision: str, path: str) -> bool:
    try:
        return resolve(repository, revision) is not None and bool(git(repository, "ls-tree", revision, "--", path))
    except GitFailed:
        return False


def table(verdict: Verdict) -> Table:
    """One row a cell, and what must be the same in each."""
    shown = Table(
        "killed", "in step", "replies", "sent again", "runs that took effect", "pull requests", "branches", "outcome",
        "s", title=f"crash matrix, seed {verdict.seed}",
    )  # fmt: skip
    for cell in verdict.cells:
        numbers = (cell.replies, cell.repeated, cell.effects, cell.pull_requests, cell.branches)
        row = (cell.component, cell.step, *map(str, numbers), cell.outcome or "–", f"{cell.took:.0f}")
        shown.add_row(*row, style="bold red" if wrong(cell) else "")
    rest = verdict.rest
    shown.caption = (
        f"mails lost {rest.unprocessed + rest.set_aside} · places with a secret {len(rest.leaked)} · "
        f"left over {len(rest.left_over)}"
    )
    return shown


def chosen(names: Sequence[str]) -> list[tuple[Component, list[Step]]]:
    """The cells of `component/step`; a component alone is all of its steps, and nothing at all is the whole matrix.

    Raises:
        ValueError: there is no such cell.
    """
    if not names:
        return [(component, [step for step in Step if component.concerns(step)]) for component in COMPONENTS]
    found: list[tuple[Component, list[Step]]] = []
    for name in names:
        left, _, right = name.partition("/")
        component = next((each for each in COMPONENTS if each.name == left), None)
        if component is None or (right and right not in list(Step)):
            known = ", ".join(each.name for each in COMPONENTS)
            raise ValueError(f"no cell {name!r}; components: {known}; steps: {', '.join(Step)}")
        steps = [Step(right)] if right else [step for step in Step if component.concerns(step)]
        if not all(map(component.concerns, steps)):
            raise ValueError(f"{name}: there is no {left} in that step")
        found.append((component, steps))
    return found
