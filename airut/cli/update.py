"""`airut update`: another version, beside the present one, and only if it can go on with everything that runs."""

import asyncio
import getpass
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated

import typer

from airut.adapters.systemd_user import SystemdUser
from airut.cli.context import Settings, refused
from airut.config.schema import Config
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.operations.environments import Environments
from airut.operations.service.units import TARGET, UNIT
from airut.operations.update import fetching, gates, watching
from airut.ports.audit import note
from airut.temporal.hosts import open_tasks
from airut.temporal.leases import Leases

HISTORIES = 200
LIMIT = 30 * 60.0
"""Seconds for checking or replaying: two hundred long histories take minutes."""
KEPT = 3
"""Environments of ours that stay: the present one, the one before, and one more."""
RESTARTS = 3
"""After which nobody believes that it will come up: one or two may be a port that is not free yet."""
LOOK = 2.0


def update(
    context: typer.Context,
    to: Annotated[str | None, typer.Option("--to", help="This version, also an older one; else the newest.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Switch when no task runs. It need not be.")] = False,
    find_links: Annotated[Path | None, typer.Option(help="A folder of wheels, in place of an index.")] = None,
    force: Annotated[bool, typer.Option("--force", help="In spite of a check that fails; never of a replay.")] = False,
) -> None:
    """Install another version, prove that it goes on with what is open, switch, and go back if it does not stay up."""
    settings: Settings = context.obj
    systemd, environments = SystemdUser(), Environments()
    unit = next((each for each in (UNIT, TARGET) if (systemd.folder / each).is_file()), None)
    before = environments.current
    if unit is None or before is None:
        raise refused("no service is installed here: `airut install-service`, or docs/operations/upgrades.md by hand")
    target = fetching.place_of(environments.root / "versions", datetime.now(UTC))
    new, old = fetching.fetch(target, to, find_links), _version(before)
    if new == old:
        shutil.rmtree(target, ignore_errors=True)
        typer.echo(f"Airut {new} runs already")
        return
    typer.echo(f"Airut {new} is in {target}")
    try:
        _gates(settings, target, new, force=force)
        if wait:
            asyncio.run(_until_idle(settings))
        _switch(settings.config, systemd, unit, environments, target, before, new, old)
    except BaseException:
        if environments.current != target.resolve():  # refused, rolled back, or interrupted before
            shutil.rmtree(target, ignore_errors=True)
        raise
    asyncio.run(note(settings.audit, _event(new, old)))
    _prune(environments, before)
    typer.echo(f"Airut {new} runs; `airut update --to {old}` is the way back")


def _gates(settings: Settings, target: Path, new: str, *, force: bool) -> None:
    airut = (str(target / "bin" / "airut"), "--config", str(settings.path.resolve()))
    checked = _run(*airut, "check", "--json")
    if faults := gates.unchecked(checked.returncode, checked.stdout):
        for each in faults:
            typer.echo(f"fail  {each}", err=True)
        if not force:
            raise refused(f"nothing was changed: with Airut {new} something would fail; --force goes on all the same")
    replayed = _run(*airut, "replay", "--recent", str(HISTORIES), "--json")
    if faults := gates.not_replayed(replayed.returncode, replayed.stdout, replayed.stderr):
        for each in faults:
            typer.echo(f"fail  {each}", err=True)
        raise refused(f"nothing was changed: Airut {new} cannot go on with what is open")
    typer.echo("checked; recent and open histories replay")


def _switch(
    config: Config,
    systemd: SystemdUser,
    unit: str,
    environments: Environments,
    target: Path,
    before: Path,
    new: str,
    old: str,
) -> None:
    watched = _Service(systemd, unit, config)
    processes = watched.processes()
    environments.switch(target)
    systemd.manage("restart", unit, "--no-block")
    typer.echo(f"switched from {old}; agents run on")
    fault = "it was interrupted"
    try:
        found = watching.fault(watched, processes, typer.echo)
        if found is None:
            return
        fault = found
    except BaseException:
        _back(systemd, unit, environments, before, fault, old)
        raise
    _back(systemd, unit, environments, before, fault, old)
    typer.echo(f"Airut {new} was taken back: {fault}. journalctl --user -u {unit} says why; {old} runs again", err=True)
    raise typer.Exit(1)


def _back(systemd: SystemdUser, unit: str, environments: Environments, before: Path, fault: str, old: str) -> None:
    typer.echo(f"{fault}: back to {old}", err=True)
    environments.switch(before)
    systemd.manage("restart", unit, "--no-block")


class _Service:
    """Implements `Watched`."""

    def __init__(self, systemd: SystemdUser, unit: str, config: Config) -> None:
        self._systemd = systemd
        parts = sorted(path.name for path in systemd.folder.glob("airut-*.service"))
        self._units = parts if unit == TARGET else [unit]
        self._leases = Leases(config.state)

    def state(self) -> str:
        """Of the unit that is worst off; one that systemd starts over and over counts as failed."""
        if any(self._systemd.restarts(unit) >= RESTARTS for unit in self._units):
            return "failed"
        return next((state for unit in self._units if (state := self._systemd.state(unit)) != "active"), "active")

    def processes(self) -> frozenset[str]:
        return self._leases.living(platform.node() or "host")


async def _until_idle(settings: Settings) -> None:
    client = await settings.client()
    said = 0
    while count := sum(len(tasks) for tasks in (await open_tasks(client)).values()):
        if count != said:
            typer.echo(f"waiting for {count} running")
            said = count
        await asyncio.sleep(LOOK)


def _version(environment: Path) -> str:
    if environment == Path(sys.prefix).resolve():
        return installed(fetching.PACKAGE)
    done = _run(str(environment / "bin" / "python"), "-I", "-c", fetching.TOLD)
    return done.stdout.strip() or "of unknown version"


def _prune(environments: Environments, before: Path) -> None:
    """Older environments that an update has made; never another one, nor what is in use."""
    made = sorted((environments.root / "versions").iterdir(), reverse=True)
    for path in made[KEPT:]:
        if path.resolve() not in (environments.current, before):
            shutil.rmtree(path, ignore_errors=True)


def _event(new: str, old: str) -> AuditEvent:
    return AuditEvent(actor=getpass.getuser(), action=AuditAction.UPDATED, object=new, detail={"before": old})


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
