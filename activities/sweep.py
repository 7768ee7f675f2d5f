"""The janitor of a sandbox host: what has nobody any more goes, in the order of what it costs to lose."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities.disk import free_share
from activities.failures import reported
from activities.heartbeat import beating
from airut.errors import AirutError, CensusUnavailable
from airut.models.base import Model
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sweep import (
    PRUNE_BELOW,
    Life,
    Standing,
    SweepMemory,
    SweepOrder,
    SweepReport,
    folder_goes,
    prune_is_due,
    remembered,
    sandbox_goes,
    seen_elsewhere,
)
from airut.models.tasks.outcome import TaskOutcome
from airut.ports.census import Census
from airut.ports.sandbox import ImageUpkeep, Leftovers, Sandboxes
from airut.ports.trees import Trees

ASKED_AT_ONCE = 8
"""Of Temporal: a thousand threads are asked for in seconds, and the server notices nothing."""
END_MOST = 20
"""Idle threads that one sweep asks to end; the next one is five minutes away."""
PROBLEMS_MOST = 20
TASKS_KEPT = 5
"""Of each thread, whose output stays for whoever looks into them: up to half a GiB each, beside the thread's quota."""

log = logging.getLogger(__name__)


class SweepRules(Model):
    """What the operator decides about a host's disk."""

    host: str
    min_free: float = 0.1
    images_keep_s: float = 7 * 86400.0
    prune_below: float = PRUNE_BELOW
    repos: tuple[str, ...] = ()


@dataclass(frozen=True)
class SweptHost:
    """What a sweep looks at and works with."""

    folders: ThreadFolders
    census: Census
    sandboxes: Sandboxes
    leftovers: Leftovers
    images: ImageUpkeep
    trees: Trees


class Sweeps:
    def __init__(self, rules: SweepRules, host: SweptHost) -> None:
        self._rules = rules
        self._host = host

    @activity.defn
    async def sweep_host(self, order: SweepOrder) -> SweepReport:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                return await _Sweep(self._rules, self._host, order).run()


class _Sweep:
    """One sweep. A step that fails is told and does not stop the others."""

    def __init__(self, rules: SweepRules, host: SweptHost, order: SweepOrder) -> None:
        self._rules = rules
        self._host = host
        self._now = order.now
        self._before = self._memory = order.memory
        self._standings: dict[str, Standing | None] = {}
        self._gate = asyncio.Semaphore(ASKED_AT_ONCE)
        self._problems: list[str] = []
        self._in_use: set[str] = set()
        """Threads of sandboxes that stay."""

    async def run(self) -> SweepReport:
        self._host.folders.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        sandboxes = await self._sandboxes()
        threads, memory = await self._threads(known=sandboxes is not None)
        images, pruned_at = await self._images()
        return SweepReport(
            memory=memory.model_copy(update={"pruned_at": pruned_at}),
            sandboxes=sandboxes or (),
            threads=threads,
            images=images,
            ask=await self._to_end(),
            problems=tuple(self._problems[:PROBLEMS_MOST]),
        )

    async def _sandboxes(self) -> tuple[str, ...] | None:
        """The ids of those that went; None when nobody knows what there is."""
        try:
            found = await self._host.leftovers.owned()
            await self._host.leftovers.remove_unclaimed()
        except AirutError as error:
            self._problem("sandboxes could not be listed", error)
            return None
        await self._ask(workflow for one in found if one.asked_for for workflow in (one.task, one.thread))
        removed: list[str] = []
        for one in found:
            task, thread = self._standings.get(one.task), self._standings.get(one.thread)
            if not sandbox_goes(one, task, thread, self._now, self._memory):
                self._in_use.add(one.thread)
                continue
            try:
                await self._host.sandboxes.remove(one.sandbox_id)
                removed.append(one.sandbox_id)
                log.info("removed sandbox %s of %s, which is over", one.sandbox_id, one.task or one.owner)
            except AirutError as error:
                self._in_use.add(one.thread)
                self._problem(f"sandbox {one.sandbox_id} stays", error)
        return tuple(removed)

    async def _threads(self, known: bool) -> tuple[tuple[str, ...], SweepMemory]:
        """`known`: whether it is known which sandboxes there are; no folder goes from under one."""
        folders = self._host.folders
        ids = await asyncio.to_thread(folders.all)
        await self._ask(ids)
        standings = {thread: self._standings[thread] for thread in ids}
        removed: list[str] = []
        for thread, standing in standings.items():
            used = not known or thread in self._in_use
            if not used and folder_goes(thread, standing, self._now, self._memory):
                removed += [thread] if await self._remove_folder(thread) else []
        left = [*folders.all_set_aside()]
        for thread, standing in standings.items():
            if thread not in removed and standing and standing.life is Life.OPEN:
                left += folders.of(thread).older_tasks(TASKS_KEPT)
        for folder in left:
            try:
                await self._host.trees.remove(folder)
            except AirutError as error:
                self._problem("what is over is still there", error)
        for thread in removed:
            del standings[thread]
        missing = remembered(self._before.missing, standings, self._now)
        return tuple(removed), SweepMemory(missing=missing, elsewhere=self._memory.elsewhere)

    async def _remove_folder(self, thread: str) -> bool:
        """Out of the way first, and asked again only then: a thread that begins anew in this very moment finds either
        its old folder or none, and what it makes is not touched."""
        folders = self._host.folders
        root, aside = folders.of(thread).root, folders.aside(thread)
        aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.replace(aside)
        del self._standings[thread]
        await self._ask([thread])
        if not folder_goes(thread, self._standings[thread], self._now, self._memory):
            if not root.exists():
                aside.replace(root)
            return False
        log.info("the folder of thread %s, which is over, is removed", thread)
        return True  # what was set aside is removed at the end, with what earlier sweeps have left

    async def _images(self) -> tuple[tuple[str, ...], datetime | None]:
        rules = self._rules
        if not prune_is_due(self._memory, free_share(self._host.folders.state), self._now, rules.prune_below):
            return (), self._memory.pruned_at
        try:
            return await self._host.images.prune(rules.images_keep_s, rules.repos), self._now
        except AirutError as error:
            self._problem("images were not pruned", error)
            return (), self._memory.pruned_at

    async def _to_end(self) -> tuple[str, ...]:
        """When there is too little room after all that: the idle threads to end, longest idle first, until their
        folders would make enough."""
        state, rules = self._host.folders.state, self._rules
        free = free_share(state)
        if free >= rules.min_free:
            return ()
        self._problems.append(f"{free:.0%} of the disk is free, less than disk.min_free ({rules.min_free:.0%})")
        open_here = [id_ for id_, standing in self._standings.items() if standing and standing.life is Life.OPEN]
        idle: list[tuple[datetime, str]] = []
        for thread in set(open_here) & set(await asyncio.to_thread(self._host.folders.all)):
            try:
                since = await self._host.census.idle_since(thread)
            except CensusUnavailable:
                continue
            idle += [(since, thread)] if since is not None else []
        return tuple(thread for _, thread in sorted(idle)[:END_MOST])

    async def _ask(self, workflows: Iterable[str]) -> None:
        """Each once. An error is an answer too: *nobody could be asked*."""

        async def one(workflow: str) -> None:
            async with self._gate:
                try:
                    self._standings[workflow] = await self._host.census.standing(workflow)
                except CensusUnavailable as error:
                    self._standings[workflow] = None
                    self._problem(f"{workflow} stays", error)

        await asyncio.gather(*(one(workflow) for workflow in set(workflows) - self._standings.keys()))
        threads = {id_: standing for id_, standing in self._standings.items() if "/task-" not in id_}
        moved = seen_elsewhere(self._before.elsewhere, threads, self._rules.host, self._now)
        self._memory = self._memory.model_copy(update={"elsewhere": moved})

    def _problem(self, what: str, error: AirutError) -> None:
        log.warning("%s: %s", what, error)
        self._problems.append(f"{what}: {error}"[:300])
