"""Agent containers killed at random moments, their transcripts torn: the thread's next message must be asked with what
the first one said. The same as `agent_kills.py`, with everything that is around the agent in production.
"""

import asyncio
import contextlib
import random
import time

from airut.demo import script
from airut.demo.mailbox import compose
from airut.demo.stage import PERSON, ROBOT
from airut.models.base import Model
from airut.models.mail.message_id import derive_token, parse_message_id
from airut.models.tasks.reply import ReplyKind
from tests.chaos.agent_kills import torn
from tests.chaos.world import World

KILLS_A_THREAD = 3
"""A task gives up after five sandboxes."""
AT_ONCE = 4
LATEST = 6.0
"""Seconds after a sandbox has begun until its kill falls: a run of the script takes so long."""
TORN_SHARE = 0.7
LIMIT = 300.0
"""Seconds for a step of one thread: ten times what it takes."""


class ContainersRecord(Model):
    seed: int
    threads: int = 0
    kills: int = 0
    torn: int = 0
    resumed: int = 0
    """Threads whose next message was asked with the first one's words."""
    wrong: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.wrong and self.resumed == self.threads > 0


class _Thread:
    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self.name = f"K{rng.getrandbits(40):010x}"
        self.word = f"heliotrope{rng.getrandbits(40):010x}"
        self.kills = self.torn = 0
        self._first = compose(PERSON, ROBOT, f"Thread {self.name}", f"{self.name}: the code word is {self.word}.")
        self._thread = f"web/mail/{derive_token('web', str(self._first['Message-ID']))}"

    def script(self) -> tuple[script.Step, ...]:
        common = {"conversation": self.name, "expect": self.word, "repeat": script.FOREVER}
        words = f"{self.name} was looked at, and this is all that there is to say of it. " * 5
        return (
            script.Step(match=f"looked at {self.name}", text=words, chunk_delay=0.1, **common),
            script.Step(tool=script.bash(f"sleep 2; echo looked at {self.name}").tool, **common),
        )

    async def run(self) -> str:
        """What is wrong, or the empty string."""
        await self._world.stage.send(self._first)
        killing = asyncio.create_task(self._kill())
        try:
            await self._answers(1)
            killing.cancel()
            again = compose(PERSON, ROBOT, f"Re: Thread {self.name}", f"Again, {self.name}.", self._first)
            asked_from = time.time()
            await self._world.stage.send(again)
            await self._answers(2)
        except TimeoutError:
            return f"{self.name}: no answer within {LIMIT:g} s; {await self._world.thread(self._thread)}"
        finally:
            killing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await killing
        report = await self._world.internet.report(since=asked_from, bodies=False)
        asked = [call for call in report.model_calls if f"Again, {self.name}" in call.last_user_text]
        if not asked or not all(call.expected for call in asked):
            return f"{self.name}: {len(asked)} requests, with the first message in {[call.expected for call in asked]}"
        return ""

    async def _kill(self) -> None:
        while self.kills < KILLS_A_THREAD:
            while not await self._world.has_agent(self._thread):
                await asyncio.sleep(0.3)
            await asyncio.sleep(self._rng.uniform(0.2, LATEST))
            if await self._world.kill_container(self._thread, "agent"):
                self.kills += 1
                home = self._world.stage.folders.of(self._thread).home
                if self._rng.random() < TORN_SHARE:
                    self.torn += torn(home / "projects" / "-workspace", self._rng) > 0

    async def _answers(self, count: int) -> None:
        token = self._thread.rpartition("/")[2]
        async with asyncio.timeout(LIMIT):
            while True:
                ours = (parse_message_id(str(mail["Message-ID"])) for mail in self._world.received())
                found = {each.task for each in ours if each and each.token == token and each.kind is ReplyKind.ANSWER}
                if len(found) >= count:
                    return
                await asyncio.sleep(0.5)


async def kill_containers(world: World, seed: int, count: int) -> ContainersRecord:
    """At most `count` kills, three in each thread's first task; a task that ends before gets fewer."""
    threads = [_Thread(world, random.Random(f"{seed}/{number}")) for number in range(-(-count // KILLS_A_THREAD))]
    steps = tuple(step for thread in threads for step in thread.script())
    await world.internet.register(world.stage.model_key, script.Script(steps=steps))
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(thread: _Thread) -> str:
        async with slots:
            return await thread.run()

    said = await asyncio.gather(*map(one, threads))
    return ContainersRecord(
        seed=seed,
        threads=len(threads),
        kills=sum(thread.kills for thread in threads),
        torn=sum(thread.torn for thread in threads),
        resumed=sum(not wrong for wrong in said),
        wrong=tuple(filter(None, said)),
    )
