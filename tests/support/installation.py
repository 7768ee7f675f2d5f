"""Airut without its sandboxes: the real control worker and intake as processes, on real Temporal, mail and (emulated)
Slack servers, in front of a sandbox host whose agent is a function of the test.

What channels promise shows here, at a tenth of what the whole product costs.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from temporalio.client import Client
from temporalio.worker import Interceptor

from activities.auditing import Audited
from airut.adapters.blobs_local import LocalBlobStore
from airut.config.load import load_config
from airut.config.schema import Config
from airut.demo.mailbox import Mailbox
from airut.demo.mailserver import MailServer
from airut.demo.ports import free_port
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.temporal.connection import connect
from tests.support.agent_results import done
from tests.support.eventually import eventually
from tests.support.hosting import ScriptedHost, hosting
from tests.support.mailserver import running_mail_server
from tests.support.scripted_activities import ScriptedActivities
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import SlackServer
from tests.support.temporal_server import EmbeddedServer
from workers.audit_wiring import audit_log

ROBOT, PERSON = "airut@mail.test", "ann@mail.test"
PROCESSES = ("intake", "control")
"""That run from the beginning; `dashboard` is another one, for whoever starts it."""
LIMIT = 120.0
"""Seconds to wait for anything: many times what it takes on a quiet machine."""

CONFIG = """\
config_version: 1
state_dir: {state}
temporal: {{port: {port}, ui_port: {ui_port}, database: {database}}}
dashboard: {{port: {dashboard_port}, auth: token}}
repos:
  web:
    url: https://git.example.org/acme/web.git
    agent: {{auth: {{api_key: sk-ant-api03-no-model-is-asked-here}}}}
    channels:
      console: {{}}
      slack:
        bot_token: {bot_token}
        app_token: {app_token}
        api: {slack}/api/
        authorized: [{{workspace_members: true}}]
      email:
        account: {{username: {robot}, password: {password}, from: Airut <{robot}>}}
        imap: {{host: {mail_host}, port: {imap_port}, ca_file: {ca}}}
        smtp: {{host: {mail_host}, port: {smtp_port}, ca_file: {ca}}}
        auth: {{trusted_authserv_id: [{authserv_id}], authorized_senders: [{person}]}}
        {limits}
    forge: {forge}
"""


Seen = Sequence[Interceptor]


class Installation:
    """`host` is the scripted side; its `agent` answers with what it was told until a test replaces it."""

    def __init__(
        self,
        folder: Path,
        server: EmbeddedServer,
        mail: MailServer,
        slack: SlackServer,
        limits: str,
        forge: str,
        more: str,
    ) -> None:
        self.folder = folder
        self.mail = mail
        self.slack = slack
        self.host = ScriptedActivities()
        self.server = server
        self._password = secrets.token_hex(8)
        self._limits = limits
        self._forge = forge
        self._more = more
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        folder: Path,
        limits: str = "",
        slots: int = 20,
        forge: str = "{}",
        more: str = "",
        wrap: Callable[[ScriptedHost], Seen] | None = None,
    ) -> AsyncIterator[Self]:
        """`limits` is a line of YAML of the e-mail channel, `slots` how many tasks run at once, `forge` the value of
        that section, `more` are lines beside `repos`. `wrap` may change the host, and says what sees its activities."""
        with running_mail_server() as mail:
            async with EmbeddedServer(folder / "temporal") as server, SlackServer.running() as slack:
                made = cls(folder, server, mail, slack, limits, forge, more)
                made.configure()
                client = await made.client()
                host = ScriptedHost(made.host, slots=slots)
                seen = [*(wrap(host) if wrap else ()), Audited(audit_log(made.config))]
                async with hosting(client, host, folder / "host", interceptors=seen):
                    try:
                        for name in PROCESSES:
                            await made.start(name)
                        yield made
                    finally:
                        for name in (*PROCESSES, "dashboard"):
                            await made.kill(name)

    def configure(self) -> None:
        for address in (ROBOT, PERSON):
            self.mail.add_user(address, self._password)
        settings = self.server.settings
        self.config_file.write_text(
            CONFIG.format(
                state=self.folder / "state", port=settings.port, ui_port=settings.ui_port,
                dashboard_port=free_port(),
                database=self.server.folder / "temporal.db",
                bot_token=BOT_TOKEN, app_token=APP_TOKEN, slack=self.slack.base,
                robot=ROBOT, person=PERSON, password=self._password, mail_host=self.mail.host,
                imap_port=self.mail.imap_port, smtp_port=self.mail.smtp_port, ca=self.mail.ca_file,
                authserv_id=self.mail.authserv_id, limits=self._limits, forge=self._forge,
            )
            + self._more
        )  # fmt: skip

    @property
    def config_file(self) -> Path:
        return self.folder / "airut.yaml"

    @property
    def config(self) -> Config:
        return load_config(self.config_file)

    @property
    def blobs(self) -> LocalBlobStore:
        return LocalBlobStore(self.config.blob_folder)

    @property
    def log(self) -> str:
        """What the processes have said."""
        return (self.folder / "airut.log").read_text(errors="replace")

    @property
    def mailbox(self) -> Mailbox:
        """The person's."""
        return Mailbox(self.mail.host, self.mail.imap_port, self.mail.ca_file, PERSON, self._password)

    async def client(self) -> Client:
        return await connect(self.config.temporal, LocalBlobStore(self.config.payloads))

    async def start(self, name: str) -> None:
        """One of `PROCESSES`, or `dashboard`."""
        with (self.folder / "airut.log").open("ab") as log:
            self._processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"workers.{name}", "--config", str(self.config_file), stderr=log, env=os.environ
            )

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    async def kill(self, name: str) -> None:
        """With -9: nothing can be put in order."""
        process = self._processes.pop(name, None)
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    def reset(self) -> None:
        """The agent of the next test says what it was told."""
        self.host.agent = lambda order: done("I was told: " + " | ".join(told(order)), bundle=None)
        self.host.agent_inputs.clear()
        self.host.interrupted = None
        self.host.gate.set()

    def plays(self, *results: AgentResult) -> None:
        """How the agents of each conversation end from now on, one after the other; the last one for ever."""
        self.host.agent = lambda order: results[min(len(self.runs(order.task.thread)), len(results)) - 1]

    def runs(self, thread: str) -> Sequence[AgentInput]:
        """What a thread's agents were given, in order."""
        return [order for order in self.host.agent_inputs if order.task.thread == thread]

    async def until(self, holds: Callable[[], bool], limit: float = LIMIT) -> None:
        """
        Raises:
            TimeoutError: with what the processes have said.
        """
        try:
            await eventually(holds, limit, every=0.05)
        except TimeoutError:
            raise TimeoutError(f"did not come to hold:\n{self.log[-4000:]}") from None


def told(order: AgentInput) -> list[str]:
    """The texts of a run's messages, in order."""
    return [message.text.inline or "" for message in order.task.messages]
