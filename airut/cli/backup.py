"""`airut backup F`, `airut restore F`: an installation in one file."""

import asyncio
import getpass
import json
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from airut.adapters.audit.log import AuditLog
from airut.cli.context import EXIT_NOT_FOUND, Settings, refused
from airut.cli.thread_commands import AsJson
from airut.config import restored
from airut.config.running import running
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.operations.backup import placing, reading, writing
from airut.operations.backup.items import elsewhere, items
from airut.operations.backup.manifest import SECRETS, Manifest
from airut.ports.audit import note
from airut.temporal.leases import Leases

PASSPHRASE = "AIRUT_BACKUP_PASSPHRASE"  # noqa: S105 - the variable's name
SHORTEST = 8
File = Annotated[Path, typer.Argument(help="The backup.")]


def backup(
    context: typer.Context,
    file: File,
    with_env: Annotated[
        bool, typer.Option("--with-env", help="Also .env and credentials, under a passphrase that is asked for.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write configuration, keys, database, texts and audit log into one file, while everything runs."""
    settings: Settings = context.obj
    config, path = settings.config, settings.path.resolve()
    secrets = _secrets(path.parent, config.sources.credentials) if with_env else None
    passphrase = _passphrase(twice=True) if with_env else ""
    try:
        made = writing.write(file, items(config, path), config.state, elsewhere(config), secrets, passphrase)
    except (OSError, sqlite3.Error) as error:
        typer.echo(f"airut backup: {error}; nothing was written", err=True)
        raise typer.Exit(1) from error
    size = sum(member.size for member in made.members.values())
    if as_json:
        typer.echo(json.dumps({"version": 1, "file": str(file), "members": len(made.members), "bytes": size}))
        return
    typer.echo(f"{file}: {len(made.members)} files, {size / 1024**2:.1f} MiB. It holds keys: keep it as you keep those")
    if secrets is None:
        typer.echo("not in it: the values of secrets (--with-env adds .env, encrypted)")
    for what in made.elsewhere:
        typer.echo(f"not in it: {what}")


def restore(
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Move what is there aside.")] = False,
) -> None:
    """Put a backup back where it was made, into an empty installation; agents that run are followed again."""
    if not file.is_file():
        typer.echo(f"no file {file}", err=True)
        raise typer.Exit(EXIT_NOT_FOUND)
    parent = file.resolve().parent
    with tempfile.TemporaryDirectory(dir=parent, prefix=".airut-restore-") as folder:
        manifest = reading.unpack(file, Path(folder))
        state = Path(manifest.state).expanduser()
        if (process := running(state)) is not None:
            raise refused(f"`airut up` runs on {state} (process {process or 'unknown'}); `airut down` stops it")
        if lives := Leases(state).living(platform.node() or "host"):
            raise refused(f"{min(lives)} runs on {state}; stop it first, agents run on")
        secrets = reading.secrets(Path(folder), _passphrase()) if SECRETS in manifest.members else {}
        if (there := placing.in_the_way(manifest, secrets)) and not force:
            raise refused(f"{there[0]} is there already; nothing was changed; --force moves it and others aside")
        now = datetime.now(UTC)
        aside = placing.put(manifest, Path(folder), secrets, f"{now:%Y%m%d-%H%M%S}")
        restored.mark(state, now)
    if "audit" in manifest.items:
        event = AuditEvent(
            actor=getpass.getuser(),
            action=AuditAction.RESTORED,
            object=file.name,
            detail={"made": f"{manifest.made:%Y-%m-%dT%H:%M:%SZ}", "by": manifest.airut},
        )
        asyncio.run(note(AuditLog(manifest.items["audit"].expanded()), event))
    _say(manifest, state, aside)


def _say(manifest: Manifest, state: Path, aside: Path | None) -> None:
    typer.echo(f"{state}: as it was on {manifest.made:%Y-%m-%d at %H:%M} UTC, made by Airut {manifest.airut}")
    if aside is not None:
        typer.echo(f"what was there before is in {aside}")
    for what in manifest.elsewhere:
        typer.echo(f"not restored: {what}")
    typer.echo("`airut check` says what is missing; start it as before")


def _secrets(folder: Path, credentials: list[str]) -> Mapping[str, bytes]:
    """Those files that hold values, as far as they are there."""
    names = [".env", *(f"credentials/{name}" for name in credentials)]
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def _passphrase(*, twice: bool = False) -> str:
    given = os.environ.get(PASSPHRASE)
    if given is None:
        if not sys.stdin.isatty():
            raise refused(f"the passphrase is asked for at a terminal, or read from {PASSPHRASE}")
        given = getpass.getpass("passphrase of the backup: ")
        if twice and getpass.getpass("once more: ") != given:
            raise refused("these were two different ones; nothing was written")
    if twice and len(given) < SHORTEST:
        raise refused(f"a passphrase has {SHORTEST} characters at least; nothing was written")
    return given
