"""A whole installation whose every part can be killed, with gates to hold a task just where the kill shall find it."""

import asyncio
import email
import email.policy
import os
import signal
import sys
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from temporalio.client import Client
from temporalio.service import RPCError

from airut import contracts
from airut.config.installation import installation_id
from airut.demo.internet import Internet
from airut.demo.stage import PERSON, ROBOT, Stage
from airut.demo.tls import Authority
from airut.models.threads.steering import TaskStatus
from airut.models.threads.thread import ThreadStatus
from tests.chaos import podman, processes
from tests.chaos.smtp_relay import SmtpRelay

SANDBOXES = 12
"""At once: one task for each step of the matrix, and the ones that a round before has left waiting."""

IDLE = (sys.executable, "-m", "tests.chaos.idle_sandbox", "up")
"""The product with a sandbox host on which nothing runs."""


class World:
    """`async with` starts mail server, forge, git host and relay; `up()` the product."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, product: tuple[str, ...] = ()) -> None:
        """`product` is a command to start instead of `airut up`, which gets `--config FILE`."""
        self.stage = Stage(folder, environment)
        self.internet = Internet.from_environment()
        self._product = product
        self._relay: SmtpRelay | None = None
        self._supervisor: asyncio.subprocess.Process | None = None
        self._forge_ports = (0, 0)

    async def __aenter__(self) -> Self:
        stage = await self.stage.__aenter__()
        self._relay = SmtpRelay(Authority.at(stage.folder / "mail" / "tls"), stage.mail.smtp_port)
        port = await self._relay.start()
        _replace(stage.config_file, f"smtp: {{host: {stage.mail.host}, port: {stage.mail.smtp_port}", f"port: {port}")
        _replace(stage.config_file, "limits: {memory", f"limits: {{host_sandboxes: {SANDBOXES}, memory", whole=True)
        # One person with a dozen tasks at once: what these reserve must not be what ends one of them.
        _replace(
            stage.config_file, "repos:\n", "budgets: {per_author_day: 100000, per_day: 100000}\nrepos:\n", whole=True
        )
        git, forge = urlsplit(stage.git.url).port, urlsplit(stage.forge.url).port
        assert git, "it listens"
        assert forge, "it listens"
        self._forge_ports = git, forge
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._supervisor is not None and self._supervisor.returncode is None:
            self._supervisor.terminate()
            await asyncio.wait_for(self._supervisor.wait(), 60)
        await self.relay.close()
        await self.stage.__aexit__()

    @property
    def relay(self) -> SmtpRelay:
        assert self._relay, "inside `async with` only"
        return self._relay

    @property
    def installation(self) -> str:
        return installation_id(self.stage.folder / "state")

    @property
    def states(self) -> tuple[Path, ...]:
        """The state folders of its sandbox hosts."""
        return (self.stage.folder / "state",)

    @property
    def pid(self) -> int:
        """The process whose children are the product's parts."""
        return self._supervisor.pid if self._supervisor else self.stage.pid

    async def up(self) -> None:
        """Start the product and wait until Temporal answers."""
        if not self._product:
            await self.stage.up()
            return
        with (self.stage.folder / "airut.log").open("ab") as log:
            self._supervisor = await asyncio.create_subprocess_exec(
                *self._product, "--config", str(self.stage.config_file), stdout=log, stderr=log,
                env=self.stage.environment,
            )  # fmt: skip
        async with asyncio.timeout(60):
            while await self.temporal() is None:
                if self._supervisor.returncode is not None:
                    raise RuntimeError(f"the product ended: {self.stage.log[-3000:]}")
                await asyncio.sleep(0.1)

    # --- what dies, and comes back ---------------------------------------------------------------------------------

    def part(self, *words: str) -> int | None:
        """The pid of the product's part whose command line has one of these words."""
        found = [pid for word in words for pid in processes.children(self.pid, word)]
        return found[0] if found else None

    async def kill_part(self, *words: str) -> None:
        """kill -9; the supervisor starts another."""
        async with asyncio.timeout(60):  # one that was killed a moment ago is still on its way back
            while (pid := self.part(*words)) is None:
                await asyncio.sleep(0.05)
        processes.kill([pid])
        async with asyncio.timeout(60):
            while self.part(*words) in (None, pid):
                await asyncio.sleep(0.05)

    async def has_agent(self, thread: str) -> bool:
        return bool(await self._agents(thread))

    async def _agents(self, thread: str) -> list[podman.Sandboxed]:
        wanted = {"airut.thread": thread, "airut.role": "agent"}
        found = await podman.containers(self.installation)
        return [each for each in found if each.running and wanted.items() <= each.labels.items()]

    async def kill_container(self, thread: str, role: str) -> bool:
        """kill -9 of the running agent or proxy container of a thread; False when there is none."""
        agents = await self._agents(thread)
        if not agents:
            return False
        name = agents[0].name if role == "agent" else f"airut-proxy-{agents[0].labels['airut.fence']}"
        await podman.kill(name)
        return True

    async def forge_down(self) -> None:
        """Every connection to git host and forge is cut, and nothing listens any more."""
        await asyncio.gather(self.stage.git.close(), self.stage.forge.close())

    async def forge_up(self) -> None:
        await self.stage.git.start(self._forge_ports[0])
        await self.stage.forge.start(self._forge_ports[1])

    async def power_cut(self) -> None:
        """Everything on this machine dies at once: the product, its containers, the engine, mail server and forge."""
        os.kill(self.pid, signal.SIGSTOP)  # or it would start what dies
        processes.kill(process.pid for process in processes.below(self.pid))
        await self.stage.down(signal.SIGKILL)
        podman.power_off()
        await asyncio.to_thread(self.stage.mail.kill)
        await self.forge_down()

    async def power_on(self) -> None:
        await self.forge_up()
        await asyncio.to_thread(self.stage.mail.start)
        await self.up()

    # --- what can be seen ------------------------------------------------------------------------------------------

    async def temporal(self) -> Client | None:
        """A connection, None while the server is away."""
        try:
            return await self.stage.client()
        except RuntimeError:
            return None

    async def thread(self, thread: str) -> ThreadStatus | None:
        """What the thread says of itself; None where it is not there, or nobody can answer now."""
        found = await self._ask(thread, ThreadStatus)
        return found if isinstance(found, ThreadStatus) else None

    async def task(self, task: str) -> TaskStatus | None:
        found = await self._ask(task, TaskStatus)
        return found if isinstance(found, TaskStatus) else None

    async def _ask(self, workflow: str, kind: type) -> object:
        client = await self.temporal()
        if client is None:
            return None
        try:
            handle = client.get_workflow_handle(workflow)
            answer: object = await handle.query(contracts.STATUS, result_type=kind)
        except RPCError:
            return None
        return answer

    def received(self, user: str = PERSON) -> tuple[EmailMessage, ...]:
        """The headers of all mails in somebody's mailbox, as they lie on the server's disk."""
        return tuple(_headers(path) for path in self.maildir(user))

    def maildir(self, user: str = PERSON, folder: str = "") -> tuple[Path, ...]:
        """The files of a mailbox. Folders of a maildir begin with a dot, their levels are told apart by dots."""
        top = self.stage.folder / "mail" / "mail" / user
        place = top / f".{folder.replace('/', '.')}" if folder else top
        return tuple(path for part in ("new", "cur") for path in sorted((place / part).glob("*")))

    def unprocessed(self) -> int:
        """Mails that nobody has taken yet."""
        return len(self.maildir(ROBOT))

    async def left_over(self) -> tuple[str, ...]:
        """Containers, networks and outboxes that belong to no task that runs. Warm fences are nobody's yet."""
        found = await podman.containers(self.installation)
        fences = {each.labels.get("airut.fence", "") for each in found if each.labels.get("airut.owner") == "warm"}
        ended = [each.name for each in found if each.labels.get("airut.owner") != "warm"]
        named = await podman.networks(self.installation)
        ended += [name for name in named if not any(f and f in name for f in fences)]
        outboxes = (self.stage.folder / "state" / "threads").glob("*/*/*/outbox/*")
        return tuple(sorted((*ended, *map(str, outboxes))))


def _headers(path: Path) -> EmailMessage:
    parsed: EmailMessage = email.message_from_bytes(
        path.read_bytes().partition(b"\r\n\r\n")[0].partition(b"\n\n")[0], policy=email.policy.default
    )
    return parsed


def _replace(file: Path, old: str, new: str, *, whole: bool = False) -> None:
    """Change one place of a text; only its last word, the number, unless `whole`."""
    text = file.read_text()
    if text.count(old) != 1:
        raise RuntimeError(f"{file}: expected {old!r} once")
    changed = new if whole else f"{old.rpartition('port: ')[0]}{new}"
    file.write_text(text.replace(old, changed))
