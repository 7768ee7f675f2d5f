"""A whole installation on this machine: mail server, git host, forge, and `airut up` in front of them.

The demo plays on it, and so do the end-to-end tests: what they show is the product as it runs in production, on real
mail, git, Podman, proxy and Temporal servers.
"""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from temporalio.client import Client

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.load import load_config
from airut.config.schema import Config
from airut.demo.forge import GitHubForge
from airut.demo.git_server import GitServer
from airut.demo.mailbox import Mailbox
from airut.demo.mailserver import MailServer
from airut.demo.ports import free_ports
from airut.demo.repositories import seed_repository
from airut.demo.sample import FILES
from airut.demo.stage_config import CONFIG
from airut.models.hosts.folders import ThreadFolders
from airut.temporal.connection import connect

REPOSITORY = "acme/web"
PERSON, STRANGER, ROBOT = "ann@mail.test", "eve@mail.test", "airut@mail.test"
STOP_LIMIT = 100.0
"""Seconds; a worker may see short activities through for thirty, one after the other."""
MODEL_KEYS = {"api_key": "ANTHROPIC_API_KEY", "oauth_token": "CLAUDE_CODE_OAUTH_TOKEN"}
"""The variables that Claude Code itself reads, by their names under `agent.auth`; the first one that is set counts."""


def real_model_key(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Which kind of credential for the real model there is, and the credential."""
    found = ((kind, environment.get(variable)) for kind, variable in MODEL_KEYS.items())
    return next(((kind, value) for kind, value in found if value), None)


def random_key(prefix: str) -> str:
    """A made-up credential of a real one's shape, for this stage alone."""
    return prefix + secrets.token_urlsafe(72)[:93] + "AA"


class Stage:
    """Everything lives below one folder. `async with` starts the servers; `up()` starts the product."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        time_limit: str = "30m",
        warm: int = 1,
        pause_grace: str = "30s",
        ui_port: int = 0,
        dashboard_port: int | None = None,
        channels: str = "",
    ) -> None:
        """`channels` is a line of YAML: another channel of the repository. Without a port there is no dashboard."""
        self.folder = folder
        self._environment = environment
        self._time_limit = time_limit
        self._warm = warm
        self._pause_grace = pause_grace
        self._channels = channels
        self._model_auth, self.model_key = real_model_key(environment) or ("api_key", random_key("sk-ant-api03-"))
        self._rotated: list[str] = []
        self.service_token = self.second_token = ""
        self.forge_token = "ghp_" + secrets.token_hex(18)
        self.mail_password = secrets.token_hex(8)
        # Nobody asks AWS here: that these are nowhere is all there is to see.
        self._cloud = {
            "STAGE_AWS_KEY_ID": "ASIA" + secrets.token_hex(8).upper().translate(str.maketrans("0189", "GHIJ")),
            "STAGE_AWS_SECRET": secrets.token_urlsafe(30),
            "STAGE_AWS_TOKEN": "IQoJ" + secrets.token_hex(100),
        }
        self.mail = MailServer(folder / "mail")
        self.repositories = folder / "git"
        self.git = GitServer(self.repositories, [self.forge_token])
        self.forge = GitHubForge(self.repositories, {self.forge_token: "airut-bot"})
        self.port, free = free_ports(2)
        self.ui_port = ui_port or free
        self._dashboard = "{enabled: false}" if dashboard_port is None else f"{{port: {dashboard_port}}}"
        self._up: asyncio.subprocess.Process | None = None

    @property
    def config_file(self) -> Path:
        return self.folder / "airut.yaml"

    @property
    def config(self) -> Config:
        with_secrets = {**os.environ, **self._secrets()}
        return load_config(self.config_file, with_secrets)

    @property
    def environment(self) -> dict[str, str]:
        """What the product's processes are started with: the real values that `airut.yaml` refers to."""
        return {**self._environment, **self._secrets()}

    @property
    def folders(self) -> ThreadFolders:
        return ThreadFolders(state=self.folder / "state")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every real value that nobody but the workers and the proxy may ever see."""
        return (self.model_key, self.forge_token, self.mail_password, *self._cloud.values(), *self._rotated)

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        for person in (PERSON, STRANGER, ROBOT):
            self.mail.add_user(person, self.mail_password)
        await asyncio.to_thread(self.mail.start)
        seed_repository(self.repositories, FILES, REPOSITORY)
        await self.git.start()
        await self.forge.start()
        self.rotate()
        self.config_file.write_text(self._configuration())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()
        await self.git.close()
        await self.forge.close()
        await asyncio.to_thread(self.mail.stop)

    def rotate(self) -> None:
        """Give both services' tokens new values, where `airut.yaml` reads them from: a file, and a command, which is
        asked again on SIGHUP."""
        self.service_token, self.second_token = (f"{name}_{secrets.token_hex(20)}" for name in ("svc", "two"))
        self._rotated += [self.service_token, self.second_token]
        for name, value in (("service-token", self.service_token), ("second-token", self.second_token)):
            beside = self.folder / f".{name}"
            beside.touch(mode=0o600)
            beside.write_text(value + "\n")
            beside.replace(self.folder / name)

    async def up(self) -> None:
        """Start `airut up`, and wait until Temporal answers."""
        with (self.folder / "airut.log").open("ab") as log:
            self._up = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("airut")),
                "--config",
                str(self.config_file),
                "up",
                stdout=log,
                stderr=log,
                env=self.environment,
            )
        while not await self._answers():
            if self._up.returncode is not None:
                raise RuntimeError(f"airut up ended: {self.log[-3000:]}")
            await asyncio.sleep(0.1)

    async def down(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop `airut up` as ctrl-C or a crash would."""
        if self._up is None or not self.is_up:
            return
        self._up.send_signal(number)
        async with asyncio.timeout(STOP_LIMIT):
            await self._up.wait()
            # The parts of one that was killed die a moment later.
            while await self._answers():  # noqa: ASYNC110  # nobody tells us
                await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        try:
            await self.client()
        except RuntimeError:
            return False
        return True

    @property
    def is_up(self) -> bool:
        return self._up is not None and self._up.returncode is None

    @property
    def pid(self) -> int:
        """The process of `airut up`, whose children are the parts."""
        assert self._up is not None, "call up() first"
        return self._up.pid

    @property
    def log(self) -> str:
        """What the product's processes have logged."""
        return (self.folder / "airut.log").read_text(errors="replace")

    async def client(self) -> Client:
        return await connect(self.config.temporal, LocalBlobStore(self.config.payloads))

    def mailbox(self, user: str) -> Mailbox:
        """The mailbox of a person, as their mail program sees it."""
        return Mailbox(self.mail.host, self.mail.imap_port, self.mail.ca_file, user, self.mail_password)

    async def send(self, message: EmailMessage) -> None:
        """Submit a mail as its author, over the server's own submission port."""
        await self.mailbox(str(message["From"])).submit(message, self.mail.smtp_port)

    def _configuration(self) -> str:
        lab = self._environment
        return CONFIG.substitute(
            folder=self.folder.resolve(),
            state=self.folder / "state",
            port=self.port,
            ui_port=self.ui_port,
            dashboard=self._dashboard,
            dns=lab.get("AIRUT_LAB_DNS", ""),
            ca=Path(lab["AIRUT_LAB_CA_DIR"]) / "ca.pem" if "AIRUT_LAB_CA_DIR" in lab else "",
            time=self._time_limit,
            warm=self._warm,
            pause_grace=self._pause_grace,
            # On a mixed cgroup tree the limits hold by the lab's own runtime, which Podman cannot see to read back.
            enforce="best_effort" if "AIRUT_CGROUP_V1" in lab else "strict",
            git=self.git.url,
            forge=self.forge.url,
            model_auth=self._model_auth,
            channels=self._channels,
            robot=ROBOT,
            person=PERSON,
            mail_host=self.mail.host,
            imap_port=self.mail.imap_port,
            smtp_port=self.mail.smtp_port,
            mail_ca=self.mail.ca_file,
            authserv_id=self.mail.authserv_id,
        )

    def _secrets(self) -> dict[str, str]:
        return {
            "STAGE_MODEL_KEY": self.model_key,
            "STAGE_FORGE_TOKEN": self.forge_token,
            "STAGE_MAIL_PASSWORD": self.mail_password,
            **self._cloud,
        }
