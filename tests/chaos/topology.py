"""Several machines as processes of one: a Temporal of its own, two control workers, two sandbox hosts, one blob store.

Each process has a configuration and a state folder of its own, as it would on a machine of its own; they share the server,
the blobs and the surrogates' key, and nothing else.
"""

import asyncio
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from temporalio.client import Client

from airut import contracts
from airut.demo.mailbox import compose
from airut.demo.stage import PERSON, ROBOT
from airut.models.base import Model
from airut.temporal.embedded import server_command
from tests.chaos.components import Component, Kill, mail_server
from tests.chaos.message_plan import plan
from tests.chaos.messages import MessageRun, MessagesRecord
from tests.chaos.world import World
from tests.support.s3 import BUCKET, CREDENTIALS, S3Server

HOSTS = ("host-1", "host-2")
LOST_AFTER = 60
"""Seconds, the least that `execution.host_lost_after` may be."""
WRITTEN_TO = 3
"""Threads of the host that is gone, which somebody writes to."""
MESSAGES_A_KILL = 25
ANSWERED_IN = LOST_AFTER + 60.0

COMMANDS = {
    "control-1": ("workers.control",),
    "control-2": ("workers.control",),
    "host-1": ("tests.chaos.idle_sandbox", "host"),
    "host-2": ("tests.chaos.idle_sandbox", "host"),
    "intake": ("workers.intake",),
}


class TopologyRecord(Model):
    """What a run came to: the messages, and the threads of a host that was gone, each with its answers' words."""

    messages: MessagesRecord
    pinned: int
    moved: dict[str, tuple[str, ...]]

    @property
    def good(self) -> bool:
        return self.messages.good and len(self.moved) > 0 and all(len(words) == 1 for words in self.moved.values())


class Topology(World):
    """A `World` whose parts are started one by one. They share their blobs in a folder, or in the bucket of a server."""

    def __init__(self, folder: Path, environment: Mapping[str, str], s3: S3Server | None = None) -> None:
        super().__init__(folder, {**environment, **(CREDENTIALS if s3 else {})})
        self._s3 = s3

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._running: dict[str, asyncio.subprocess.Process] = {}
        folder, text = self.stage.folder, self.stage.config_file.read_text()
        shared = folder / "shared"
        blobs = f"path: {shared / 'blobs'}"
        if self._s3 is not None:
            blobs = f"kind: s3, bucket: {BUCKET}, endpoint: {self._s3.endpoint}"
        # Of whoever looks at it from outside: the test.
        self.stage.config_file.write_text(f"{text}blobs: {{{blobs}}}\n")
        for name in COMMANDS:
            own = text.replace(f"state_dir: {folder / 'state'}", f"state_dir: {folder / name}")
            own = re.sub(r"^temporal: .*$", "temporal: {mode: external, namespace: airut}", own, flags=re.MULTILINE)
            own = re.sub(r"^sandbox: .*$", f"sandbox: {{warm: 0, host_id: {name}}}", own, flags=re.MULTILINE)
            own += f"blobs: {{{blobs}}}\n"
            own += f"security: {{surrogate_key: {shared / 'surrogate.key'}}}\n"
            own = own.replace("execution: {", f"execution: {{host_lost_after: {LOST_AFTER}s, ")
            self._config(name).write_text(own)
        return self

    async def __aexit__(self, *exc: object) -> None:
        for name in reversed(tuple(self._running)):
            await self.kill(name)
        await super().__aexit__(*exc)

    @property
    def states(self) -> tuple[Path, ...]:
        return tuple(self.stage.folder / name for name in HOSTS)

    async def up(self) -> None:
        for name in ("temporal", *COMMANDS):
            await self.start(name)
        async with asyncio.timeout(60):
            while await self.temporal() is None:
                await asyncio.sleep(0.1)

    async def start(self, name: str) -> None:
        with (self.stage.folder / "airut.log").open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                *self._command(name), stdout=log, stderr=log, env={
                    **self.stage.environment,
                    "TEMPORAL_ADDRESS": f"127.0.0.1:{self.stage.port}", "TEMPORAL_NAMESPACE": "airut",
                },
            )  # fmt: skip

    async def temporal(self) -> Client | None:
        """As a `World`'s. Raises: RuntimeError: a part has ended by itself, and nothing will come of waiting."""
        if ended := [name for name, process in self._running.items() if process.returncode is not None]:
            raise RuntimeError(f"ended by themselves: {', '.join(ended)}")
        return await super().temporal()

    async def kill(self, name: str) -> None:
        """With -9, and for good."""
        process = self._running.pop(name)
        if process.returncode is None:
            process.kill()
        await process.wait()

    def _command(self, name: str) -> Sequence[str]:
        if name == "temporal":
            settings = self.stage.config.temporal
            command = server_command(settings, self.stage.folder / "temporal.db")
            # Somebody else's server: it knows nothing of ours, and the first process has to tell it.
            while "--search-attribute" in command:
                place = command.index("--search-attribute")
                del command[place : place + 2]
            return command
        return (sys.executable, "-m", *COMMANDS[name], "--config", str(self._config(name)))

    def _config(self, name: str) -> Path:
        return self.stage.folder / f"airut-{name}.yaml"

    # --- a host that is gone ---------------------------------------------------------------------------------------

    async def pinned(self, host: str) -> tuple[str, ...]:
        """The threads by mail whose workspace lies there."""
        client = await self.temporal()
        assert client is not None, "the server runs"
        query = (
            f"WorkflowType = '{contracts.THREAD_WORKFLOW}' AND ExecutionStatus = 'Running' "
            f"AND {contracts.HOST.name} = '{host}'"
        )
        return tuple([found.id async for found in client.list_workflows(query) if "/mail/" in found.id])

    def answers(self, subject: str) -> tuple[str, ...]:
        """The texts of the mails of one subject, as they arrived."""
        texts = (path.read_bytes().decode(errors="replace") for path in self.maildir())
        return tuple(" ".join(text.split()) for text in texts if f"{subject}\n" in text.replace("\r\n", "\n"))


def restarted(name: str) -> Kill:
    async def kill(world: World, _: object) -> None:
        assert isinstance(world, Topology)
        await world.kill(name)
        await asyncio.sleep(1.0)  # the others see that it is away
        await world.start(name)

    return kill


COMPONENTS = (
    *(Component(name, restarted(name)) for name in ("temporal", *COMMANDS)),
    Component("mail server", mail_server),
)
"""Each comes back, on its own state."""


async def run_topology(
    folder: Path, environment: Mapping[str, str], seed: int, count: int, s3: S3Server | None = None
) -> TopologyRecord:
    """Send so many messages while each part is killed in turn, at least once; then lose a host for good."""
    names = tuple(component.name for component in COMPONENTS)
    async with Topology(folder, environment, s3) as world:
        await world.up()
        kills = max(len(names), count // MESSAGES_A_KILL)
        run = MessageRun(world, plan(seed, count, kills, names), COMPONENTS)
        messages = await run.run()
        pinned, moved = await lose_a_host(world, run)
    return TopologyRecord(messages=messages, pinned=pinned, moved=moved)


async def lose_a_host(world: Topology, run: MessageRun) -> tuple[int, dict[str, tuple[str, ...]]]:
    """Kill one host for good, and write to threads that it had: how many it had, and who said that it moved. It is the
    one that has more of them: which takes a new thread is chance, and few threads may all lie on one."""
    by_host = {host: await world.pinned(host) for host in HOSTS}
    gone, stays = sorted(HOSTS, key=lambda host: len(by_host[host]), reverse=True)
    pinned, told = by_host[gone], f"moved from host {gone} to {stays}"
    await world.kill(gone)
    written: dict[str, str] = {}
    for thread in pinned[:WRITTEN_TO]:
        first = run.first_mails[thread]
        mail = compose(PERSON, ROBOT, f"Re: {first['Subject']}", "Please go on elsewhere.", first)
        written[thread] = str(first["Subject"])
        await asyncio.to_thread(world.stage.mail.deliver, mail.as_bytes(), ROBOT)

    def moved() -> dict[str, tuple[str, ...]]:
        return {thread: _saying(world.answers(subject), told) for thread, subject in written.items()}

    await _until(lambda: all(moved().values()), ANSWERED_IN)
    await asyncio.sleep(3)  # a second answer would come now
    return len(pinned), moved()


def _saying(texts: Sequence[str], words: str) -> tuple[str, ...]:
    return tuple(words for text in texts if words in text)


async def _until(holds: Callable[[], bool], limit: float) -> None:
    """Or until the time is over: what lacks then is what the record shows."""
    deadline = asyncio.get_running_loop().time() + limit
    while not holds() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.5)
