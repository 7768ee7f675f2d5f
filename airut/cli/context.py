"""What all commands share: the configuration, a connection to Temporal, the stores, exit codes.

With `adapters` the command line's own small composition root: no command constructs an adapter itself. What takes time
to import is imported where it is first used, since `airut up` and its like only become another program."""

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from airut.config.places import PLACES, find_config
from airut.errors import ConfigError

if TYPE_CHECKING:
    from temporalio.client import Client

    from airut.adapters.logins_sqlite import SqliteLogins
    from airut.adapters.stores import Stores
    from airut.config.schema import Config
    from airut.ports.audit import AuditTrail
    from airut.ports.blobs import BlobStore

EXIT_USAGE = 2
EXIT_CONFIG = 3
EXIT_UNREACHABLE = 4
EXIT_NOT_FOUND = 5
EXIT_REFUSED = 6


class Unreachable(Exception):
    """Temporal, or what should answer through it, does not answer."""


class Settings:
    """The configuration, read when a command first needs it."""

    def __init__(self, named: Path | None) -> None:
        self.named = named
        """What `--config` says."""

    @cached_property
    def path(self) -> Path:
        return find_config(self.named)

    @property
    def wanted(self) -> Path:
        """Where the configuration is, or else where it is to be."""
        try:
            return self.path
        except ConfigError:
            return self.place

    @property
    def place(self) -> Path:
        """Where the configuration is to be: `--config`, `$AIRUT_CONFIG`, else the user's own place."""
        return self.named or Path(os.environ.get("AIRUT_CONFIG") or PLACES[0]).expanduser()

    @cached_property
    def config(self) -> "Config":
        from airut.config.load import load_config

        return load_config(self.path)

    async def client(self) -> "Client":
        """Raises: Unreachable: nothing answers where Temporal should be."""
        from airut.temporal.connection import connect

        try:
            return await connect(self.config.temporal, self._stores.payloads, self.config.sources.redactor)
        except RuntimeError as error:
            where = (
                f"127.0.0.1:{self.config.temporal.port}" if self.config.temporal.mode == "embedded" else "its address"
            )
            raise Unreachable(
                f"Temporal is not reachable at {where}; `airut up` starts it ({str(error).splitlines()[0][:200]})"
            ) from error

    @property
    def logins(self) -> "SqliteLogins":
        """Who may use the dashboard, where its process looks."""
        from airut.adapters.logins_sqlite import SqliteLogins

        return SqliteLogins(self.config.logins)

    @property
    def audit(self) -> "AuditTrail":
        """Where commands record what they do."""
        from airut.adapters.audit import AuditLog

        return AuditLog(self.config.audit_file, redactor=self.config.redactor)

    @property
    def blobs(self) -> "BlobStore":
        """Texts and files of messages, where the workers have them."""
        return self._stores.blobs

    @property
    def _stores(self) -> "Stores":
        from airut.adapters.stores import stores

        blobs = self.config.blobs
        return stores(blobs.bucket, blobs.endpoint, self.config.blob_folder)


def not_found(text: str) -> typer.Exit:
    """Say what was not found; for `raise not_found(…)`."""
    typer.echo(text, err=True)
    return typer.Exit(EXIT_NOT_FOUND)


def refused(text: str) -> typer.Exit:
    """Say why not; for `raise refused(…)`."""
    typer.echo(text, err=True)
    return typer.Exit(EXIT_REFUSED)


def become(module: str, settings: Settings, *arguments: str) -> NoReturn:
    """Replace this process: the workers' own wiring stays out of the command line."""
    _become(module, "--config", str(settings.path), *arguments)


def become_at(module: str, path: Path) -> NoReturn:
    """The same, with a configuration that need not be there."""
    _become(module, "--config", str(path))


def become_anyhow(module: str, settings: Settings, *arguments: str) -> NoReturn:
    """The same, for what does something even where there is no configuration."""
    _become(module, *(["--config", str(settings.named)] if settings.named else []), *arguments)


def _become(module: str, *arguments: str) -> NoReturn:
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])
