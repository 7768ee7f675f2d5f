"""What the commands share: the configuration, a connection to Temporal, and the adapters that they use for a moment.

The command line's own small composition root: no command constructs an adapter itself."""

import os
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import typer
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from airut.adapters.audit import AuditLog
from airut.adapters.claude_code.binary import ClaudeBinaries
from airut.adapters.logins_sqlite import SqliteLogins
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.output import OutputReader, Tampered
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.stores import Stores, stores
from airut.adapters.trees_unshared import UnsharedTrees
from airut.config.load import find_config, load_config
from airut.config.schema import Config
from airut.errors import AirutError
from airut.ports.audit import AuditTrail
from airut.ports.blobs import BlobStore
from airut.temporal.connection import connect

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

    @cached_property
    def config(self) -> Config:
        return load_config(self.path)

    async def client(self) -> Client:
        """Raises: Unreachable: nothing answers where Temporal should be."""
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
    def logins(self) -> SqliteLogins:
        """Who may use the dashboard, where its process looks."""
        return SqliteLogins(self.config.logins)

    @property
    def audit(self) -> AuditTrail:
        """Where commands record what they do."""
        return AuditLog(self.config.audit_file, redactor=self.config.redactor)

    @property
    def blobs(self) -> BlobStore:
        """Texts and files of messages, where the workers have them."""
        return self._stores.blobs

    @property
    def _stores(self) -> Stores:
        blobs = self.config.blobs
        return stores(blobs.bucket, blobs.endpoint, self.config.blob_folder)


def agent_lines(folder: Path, offset: int, *, final: bool) -> Iterator[tuple[bytes, int]]:
    """What the agent of one sandbox wrote from `offset` on, in pieces of whole lines, each with the offset behind it.

    Raises:
        AirutError: the agent has changed what it wrote before.
    """
    try:
        with OutputReader(folder / "out", offset) as output:
            while (data := output.read(final=final)) is not None:
                if data:
                    yield data, output.offset
    except FileNotFoundError:
        return  # the sandbox has not begun to write
    except Tampered as error:
        raise AirutError(
            f"what the agent wrote to {folder / 'out'} was changed afterwards, so it is not shown"
        ) from error


def engine() -> Engine:
    """Podman of this user; to be closed by the caller."""
    return Engine()


def proxy_image(podman: Engine) -> ProxyImage:
    """What builds the proxy's image, before there is any configuration."""
    bundle = os.environ.get("AIRUT_BUILD_CA")
    return ProxyImage(podman, Path(bundle) if bundle else None)


def claude_binaries() -> ClaudeBinaries:
    """The cache of versions, for all installations of this user."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return ClaudeBinaries(cache / "airut" / "claude")


def trees() -> UnsharedTrees:
    """What removes folders in which agents have been."""
    return UnsharedTrees()


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


def is_missing(error: RPCError) -> bool:
    return error.status is RPCStatusCode.NOT_FOUND
