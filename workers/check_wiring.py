"""The composition root of `airut check`: what is looked at, each with the adapters that it takes."""

import asyncio
import os
import platform
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from airut.adapters.audit import verified
from airut.adapters.claude_code.binary import VERSION
from airut.adapters.git import GitMirror
from airut.adapters.github import InstallationTokens
from airut.adapters.podman.engine import Engine
from airut.adapters.smtp.submission import Submission
from airut.config.dotenv import dotenv_files, working_folder
from airut.config.repositories import forge_kind
from airut.config.running import running
from airut.config.schema import Config
from airut.config.secret_fields import secrets_in
from airut.config.warnings import warnings
from airut.errors import ConfigError, SecretError
from airut.models.mail.settings import EmailChannel
from airut.operations.check import channels, machine, machine_facts, podman, repositories, temporal
from airut.operations.check.finding import Finding, fail, ok, warn
from airut.operations.check.newer import newer
from airut.operations.check.running import Check
from airut.operations.update.fetching import PACKAGE
from airut.operations.update.newest import newest
from airut.temporal.connection import connect
from airut.temporal.leases import Leases
from workers.channels_wiring import access_tokens, slack_channels
from workers.forge_login import github_repository, remotes
from workers.forge_wiring import ConfiguredForges
from workers.host_wiring import claude_binary
from workers.probe_wiring import probed
from workers.wiring import blob_store, payload_store, shared_stores

FETCH = 300.0
"""Seconds for a repository: the first fetch of a large one makes its mirror, which the first task needs anyway."""
PROBE = 900.0
"""Seconds for the probe container: some, unless the images of proxy and sandbox are still to be made."""


def checks(config: Config | None, folder: Path) -> Iterator[Check]:
    """All of them; without a configuration, those of the machine. `folder` is that of `airut.yaml`."""
    yield Check("machine", partial(_machine, config, folder), "run it again; if it stays so, it is a defect")
    yield Check("podman", partial(_podman, config), podman.REMEDY)
    yield Check("update", _update, "see docs/operations/upgrades.md")
    if config is None:
        return
    images = "`airut image all` makes what is missing; if it is not that, see docs/operations/install.md"
    yield Check("sandbox", partial(probed, config), images, PROBE)
    yield Check("secrets", partial(_secrets, config), "see docs/operations/secrets.md")
    yield Check("warnings", partial(_warnings, config), "see docs/operations/secrets.md")
    yield Check("blobs", partial(_blobs, config), "give the service's user write access to blobs.path")
    yield Check("audit", partial(_audit, config), "see `airut audit verify`")
    yield Check("temporal", partial(_temporal, config), "start the server, or correct Temporal's own environment")
    tokens = InstallationTokens(redactor=config.sources.redactor)
    for name in config.repos:
        yield from _of_repo(config, name, tokens)


def _of_repo(config: Config, name: str, tokens: InstallationTokens) -> Iterator[Check]:
    repo = config.repos[name]
    if (mail := repo.channels.email) is not None:
        yield from _mail(name, mail)
    if (app := slack_channels(config).get(name)) is not None:
        from airut.adapters.slack.web.connection import SlackConnection  # as in `wiring`: it takes half a second

        place = f"{name} slack"
        yield Check(place, partial(channels.slack, place, SlackConnection(app)), "see docs/slack.md")
    yield Check(f"{name} agent", partial(_agent, config, name), "see docs/operations/running.md")
    yield Check(
        f"{name} repository",
        partial(_repository, config, name, tokens),
        f"correct repos.{name}.url, or the rights of repos.{name}.forge.auth",
        FETCH,
    )
    yield Check(f"{name} forge", partial(_forge, config, name, tokens), f"see repos.{name}.forge in airut.yaml")


def _mail(name: str, mail: EmailChannel) -> Iterator[Check]:
    inbox, out, tokens = f"{name} imap", f"{name} smtp", access_tokens(mail)
    login = f"correct repos.{name}.channels.email"
    yield Check(inbox, partial(channels.mailbox, inbox, mail, tokens), f"{login}.imap or .account")
    submission = Submission(mail.smtp, mail.account, tokens)
    yield Check(out, partial(channels.submission, out, mail, submission), f"{login}.smtp or .account")
    yield Check(f"{name} senders", _said(channels.senders(f"{name} senders", mail.auth)), login)


async def _machine(config: Config | None, folder: Path) -> Sequence[Finding]:
    dotenv = dotenv_files(folder, working_folder())
    if config is None:
        state = Path("~/.local/state/airut").expanduser()
        facts = machine_facts.machine(state, (), dotenv=dotenv, min_free=0.1, open_door=False)
    else:
        ports = () if _runs(config) else tuple(_ports(config))
        open_door = config.dashboard.enabled and not config.dashboard.wants_login
        facts = machine_facts.machine(
            config.state, ports, dotenv=dotenv, min_free=config.disk.min_free, open_door=open_door
        )
    return machine.judge(facts)


def _runs(config: Config) -> bool:
    """As `airut up`, or as processes of their own."""
    return running(config.state) is not None or bool(Leases(config.state).living(platform.node() or "host"))


def _ports(config: Config) -> Iterator[tuple[str, int]]:
    """What `airut up` would listen on, each with its key."""
    if config.temporal.mode == "embedded":
        yield "temporal.port", config.temporal.port
        yield "temporal.ui_port", config.temporal.ui_port
    if config.dashboard.enabled:
        yield "dashboard.port", config.dashboard.port


async def _podman(config: Config | None) -> Sequence[Finding]:
    engine = Engine(None if config is None else config.sandbox.podman_socket)
    strict = config is None or config.limits.enforce == "strict"
    try:
        return await podman.podman(engine, strict=strict)
    finally:
        await engine.close()


async def _update() -> Sequence[Finding]:
    return [await asyncio.to_thread(newer, version(PACKAGE), newest)]


async def _secrets(config: Config) -> Sequence[Finding]:
    """Each source is read once more, commands among them."""
    found: list[Finding] = []
    secrets = list(secrets_in(config))
    for place, secret in secrets:
        try:
            await asyncio.to_thread(secret.fixed)
        except SecretError as error:
            found.append(fail("secrets", str(error), f"mend the source, or write another one at {place}"))
    return found or [ok("secrets", f"{len(secrets)}, each can be read")]


async def _warnings(config: Config) -> Sequence[Finding]:
    return [warn("configuration", says, "see docs/operations/secrets.md") for says in warnings(config)] or [
        ok("configuration", "valid")
    ]


async def _blobs(config: Config) -> Sequence[Finding]:
    content = b"airut check"
    for store in (blob_store(config), payload_store(config)):
        passing = await store.put_passing(content)
        await store.get(passing.ref)
        await store.drop(passing)
    return [ok("blobs", f"can be written and read ({shared_stores(config).place})")]


async def _audit(config: Config) -> Sequence[Finding]:
    """Where it cannot be written, no task is taken."""
    path = config.audit_file
    folder = machine_facts.existing(path.parent)
    if not os.access(path if path.exists() else folder, os.W_OK):
        return [
            fail("audit", f"{path} cannot be written, so that no task is taken", "give the service's user the right")
        ]
    verdict = await asyncio.to_thread(verified, path, None)
    if verdict.broken is not None:
        remedy = "somebody has changed it: `airut audit verify`; keep the file, and begin another at audit.path"
        return [fail("audit", f"entry {verdict.broken.seq} {verdict.broken.why}", remedy)]
    return [ok("audit", f"whole, {verdict.last} entries" if verdict.last else "no entries yet")]


async def _temporal(config: Config) -> Sequence[Finding]:
    settings = config.temporal
    if settings.mode == "embedded" and not _runs(config):
        return [ok("temporal", "embedded; it starts with `airut up`")]
    try:
        client = await connect(settings, payload_store(config), config.sources.redactor)
    except RuntimeError as error:
        where = f"127.0.0.1:{settings.port}" if settings.mode == "embedded" else "its address (TEMPORAL_ADDRESS)"
        said = str(error).splitlines()[0]
        return [fail("temporal", f"does not answer at {where}: {said}", "start the server, or correct its address")]
    await client.count_workflows()
    return [ok("temporal", f"answers, namespace {client.namespace}"), await temporal.search_attributes(client)]


async def _agent(config: Config, name: str) -> Sequence[Finding]:
    place, repo = f"{name} agent", config.repos[name]
    try:
        path = claude_binary(repo)
    except ConfigError as error:
        version = VERSION if repo.agent.version == "stable" else repo.agent.version
        return [fail(place, str(error), "fetch it", "airut", "image", "claude", "--version", version)]
    if not os.access(path, os.X_OK):
        return [fail(place, f"{path} cannot be run", f"correct repos.{name}.agent.binary, or `chmod +x` it")]
    return [ok(place, str(path))]


async def _repository(config: Config, name: str, tokens: InstallationTokens) -> Sequence[Finding]:
    mirror = GitMirror(config.state / "mirrors", remotes(config, tokens))
    container = config.repos[name].container.path
    ranges = tuple(map(str, config.network.private_ranges))
    return await repositories.repository(f"{name} repository", name, mirror, container, ranges)


async def _forge(config: Config, name: str, tokens: InstallationTokens) -> Sequence[Finding]:
    place = f"{name} forge"
    kind = forge_kind(config.repos[name])
    if kind == "none":
        return [ok(place, "none: branches are pushed, and replies name them")]
    if kind != "github":
        await ConfiguredForges(config, tokens).find_pull_request(name, "airut/check")  # raises where it may not look
        return [ok(place, f"{kind}: its pull requests can be read; what its token may push shows with the first push")]
    return await repositories.forge(place, github_repository(config, name, tokens))


def _said(finding: Finding) -> Callable[[], Awaitable[Sequence[Finding]]]:
    async def run() -> Sequence[Finding]:
        return [finding]

    return run
