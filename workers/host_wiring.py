"""The composition root of a sandbox host; `wiring` is that of the control worker and the intake."""

import asyncio
import ipaddress
import os
import platform
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from temporalio.client import Client

from activities.agent import AgentRuns
from activities.archive import ThreadEnds
from activities.claims import Claims
from activities.cleanup import CleanUps
from activities.disk import room
from activities.image import ImageBuilds
from activities.memory import MemoryWatch
from activities.publish import Publishing
from activities.sweep import SweepRules, Sweeps, SweptHost
from activities.trigger import Triggers
from activities.workspace import Workspaces
from airut.adapters.audit.sandboxes import AuditedSandboxes
from airut.adapters.ca import load_or_create_root
from airut.adapters.claude_code.agent import ClaudeCode, ClaudeSessions
from airut.adapters.claude_code.binary import VERSION, ClaudeBinaries
from airut.adapters.fence_rules import FenceRules
from airut.adapters.git import GitMirror
from airut.adapters.github import InstallationTokens
from airut.adapters.keys import check_fingerprint, fingerprint, load_or_create_key
from airut.adapters.podman.built_images import BuiltImages
from airut.adapters.podman.cells import BuildCells
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.groups import group_finder
from airut.adapters.podman.hardening import Hardening, Profile
from airut.adapters.podman.image_upkeep import PodmanImageUpkeep
from airut.adapters.podman.images import PodmanImages
from airut.adapters.podman.marks import Marks
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import RUNTIME, Enforce, SandboxSettings
from airut.adapters.podman.store import ImageStore
from airut.adapters.telemetry.cgroup import GroupOf
from airut.adapters.telemetry.sandboxes import MeasuredSandboxes
from airut.adapters.trees_unshared import UnsharedTrees
from airut.config.builds import ConfiguredBuilds
from airut.config.installation import installation_id
from airut.config.repo_schema import RepoConfig
from airut.config.repositories import ConfiguredRepositories
from airut.config.schema import Config
from airut.errors import AirutError, ConfigError
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.image import BuiltImage
from airut.models.schedules.firing import TriggerInput, TriggerResult
from airut.models.tasks.steps import AgentInput, HostResult
from airut.models.tasks.task import AgentResult
from airut.ports.agent import Agent
from airut.ports.sandbox import Images, Sandboxes
from airut.ports.telemetry import Silence, Telemetry
from airut.temporal.census import TemporalCensus
from workers.audit_wiring import audit_log
from workers.forge_login import remotes
from workers.forge_wiring import ConfiguredForges
from workers.wiring import Activities, blob_store, shared_stores


class SandboxHost:
    """Everything that a sandbox host's worker needs; entering it makes the host ready."""

    def __init__(
        self, config: Config, client: Client, host_id: str | None = None, telemetry: Telemetry | None = None
    ) -> None:
        """`host_id` is used in place of the configured one."""
        self._config = config
        self._telemetry = telemetry or Silence()
        self._group_of: GroupOf | None = None
        self._client = client
        self._stack = AsyncExitStack()
        self.id = host_id or config.sandbox.host_id or platform.node() or "host"
        self.slots = config.limits.host_sandboxes or max(2, os.cpu_count() or 2)
        self.claim_host: Callable[[], Awaitable[HostResult]]
        self.run_agent: Callable[[AgentInput], Awaitable[AgentResult]]
        self.run_trigger: Callable[[TriggerInput], Awaitable[TriggerResult]]
        self.activities: Activities = []
        self._upkeep: tuple[PodmanSandboxes, PodmanImageUpkeep] | None = None
        self.images_here: Callable[[], Awaitable[tuple[BuiltImage, ...]]] | None = None
        """The newest of each repository; None on a host without containers."""
        self._tokens = InstallationTokens(redactor=config.sources.redactor)
        self._key: bytes
        self._engine: tuple[Images, Sandboxes, Agent]

    async def __aenter__(self) -> Self:
        config = self._config
        self._engine = await self.engine()
        self._key = load_or_create_key(config.surrogate_key)
        own, shared = fingerprint(self._key), shared_stores(config)
        check_fingerprint(own, await shared.fingerprint(own), config.surrogate_key, shared.place)
        self._bind()
        return self

    async def take_up(self, config: Config) -> None:
        """Go by another configuration from now on. What runs in a sandbox goes on by the one that it began with."""
        before, self._config = self._config, config
        if self._upkeep is not None and self._sandbox_settings(before) != self._sandbox_settings(config):
            retired = self._upkeep[0]
            await retired.close()
            await retired.discard_warm()  # they were made by the settings of before
            try:
                self._engine = await self.engine()
            except AirutError:
                self._config = before
                raise
        self._bind()

    def _bind(self) -> None:
        """Make the activities, by the present configuration."""
        config, blobs, tokens = self._config, blob_store(self._config), self._tokens
        images, sandboxes, agent = self._engine
        repositories = ConfiguredRepositories(config, self._key, claude_binary, tokens)
        redactor = config.redactor
        folders = ThreadFolders(state=config.state)
        mirror = GitMirror(
            config.state / "mirrors", remotes(config, tokens), lambda: _real_values(config, repositories, tokens)
        )
        forge = ConfiguredForges(config, tokens)
        sessions = ClaudeSessions(redactor)
        workspaces = Workspaces(self.id, folders, mirror, blobs, repositories)
        self.claim_host = Claims(self.id, lambda: room(config.state, config.disk.min_free)).claim_host
        trees = UnsharedTrees()
        renewals = self._upkeep[0] if self._upkeep else None
        sandboxes = MeasuredSandboxes(
            AuditedSandboxes(sandboxes, audit_log(config)),
            self._telemetry,
            self.id,
            group_of=self._group_of,
            log_prompts=config.telemetry.log_prompts,
        )
        runs = AgentRuns(folders, sandboxes, agent, mirror, blobs, repositories, sessions, trees, renewals, redactor)
        self.run_agent = runs.run_agent
        ends = ThreadEnds(folders, sessions, trees, blobs)
        triggers = Triggers(folders, sandboxes, trees, mirror, blobs, repositories, renewals, redactor)
        self.run_trigger = triggers.run_trigger
        self.activities = [
            workspaces.ping_host,
            workspaces.prepare_workspace,
            ImageBuilds(
                mirror,
                images,
                lambda repo: ConfiguredBuilds(self._config).folder(repo),
                lambda repo: ConfiguredBuilds(self._config).base(repo),
            ).build_image,
            Publishing(mirror, forge, blobs, repositories, redactor).publish,
            CleanUps(folders, sandboxes, blobs, self._upkeep[0] if self._upkeep else None).clean_up,
            ends.archive_thread,
            ends.remove_thread,
            ends.restore_thread,
            triggers.clean_up_trigger,
            MemoryWatch().wait_for_low_memory,
            *self._sweeps(),
        ]

    async def engine(self) -> tuple[Images, Sandboxes, Agent]:
        """What agents run in, and the agent. A host without containers, for measuring all the rest, has its own."""
        config = self._config
        engine = Engine(config.sandbox.podman_socket)
        self._stack.push_async_callback(engine.close)
        rules = FenceRules(load_or_create_root(config.state / "ca"))
        marks = Marks(user_cache() / "images")
        settings, ca = self._sandbox_settings(config), _path("AIRUT_BUILD_CA")
        proxy = ProxyImage(engine, ca, marks)
        cells = BuildCells(engine, settings, rules, proxy.ensure, UnsharedTrees())
        images = PodmanImages(
            ImageStore(engine),
            cells,
            lambda repo: ConfiguredBuilds(self._config, ca).of(repo),
            rules.roots(),
            config.state / "builds",
            ca=ca,
            marks=marks,
            parallel=config.build.parallel,
        )
        self._stack.push_async_callback(images.close)
        sandboxes = PodmanSandboxes(engine, settings, rules, await proxy.ensure(), cells)
        self._stack.push_async_callback(sandboxes.close)
        warming = asyncio.create_task(sandboxes.open())  # the first task need not wait for it
        self._stack.callback(warming.cancel)
        self._upkeep = sandboxes, PodmanImageUpkeep(engine, marks)
        self.images_here = BuiltImages(engine).newest
        if not isinstance(self._telemetry, Silence):
            self._group_of = group_finder(engine)
        return images, sandboxes, ClaudeCode()

    def _sweeps(self) -> Activities:
        """The janitor of a host that has containers. It asks the server before it removes anything."""
        if self._upkeep is None:
            return []
        sandboxes, images = self._upkeep
        folders = ThreadFolders(state=self._config.state)
        swept = SweptHost(folders, TemporalCensus(self._client), sandboxes, sandboxes, images, UnsharedTrees())
        return [Sweeps(self._sweep_rules(), swept).sweep_host]

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _sweep_rules(self) -> SweepRules:
        config = self._config
        return SweepRules(
            host=self.id,
            min_free=config.disk.min_free,
            images_keep_s=config.images.keep,
            repos=tuple(config.repos),
        )

    def _sandbox_settings(self, config: Config) -> SandboxSettings:
        return SandboxSettings(
            installation=installation_id(config.state),
            host=self.id,
            state=config.state,
            runtime=RUNTIME / installation_id(config.state),  # two hosts on one machine share no folder
            pool=ipaddress.IPv4Network(config.sandbox.network.pool),
            ipv6=config.sandbox.network.ipv6,
            enforce=Enforce(config.limits.enforce),
            cgroup_parent=os.environ.get("AIRUT_CGROUP_PARENT"),
            warm=config.sandbox.warm,
            hardening=Hardening(
                profile=Profile(config.sandbox.profile),
                seccomp=config.sandbox.seccomp,
                tmp=config.sandbox.tmpfs.tmp,
                run=config.sandbox.tmpfs.run,
                var_tmp=config.sandbox.tmpfs.var_tmp,
                nofile=config.sandbox.nofile,
            ),
        )


def claude_binary(repo: RepoConfig) -> Path:
    """Claude Code on this host, in the version that the repository wants.

    Raises:
        ConfigError: it has not been fetched.
    """
    if repo.agent.binary is not None:
        return repo.agent.binary
    version = VERSION if repo.agent.version == "stable" else repo.agent.version
    path = claude_binaries().path(version)
    if not path.is_file():
        raise ConfigError(f"Claude Code {version} is not on this host; run `airut image claude --version {version}`")
    return path


def claude_binaries() -> ClaudeBinaries:
    """The cache of versions, shared by all installations of this user."""
    return ClaudeBinaries(user_cache() / "claude")


def user_cache() -> Path:
    """What all installations of this user share."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "airut"


def _real_values(config: Config, repositories: ConfiguredRepositories, tokens: InstallationTokens) -> Sequence[bytes]:
    configured = [value for name in config.every_repo for value in repositories.values(name)]
    return [*configured, *(token.encode() for token in tokens.values())]


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None
