"""What the commands share: the configuration, a connection to Temporal, and the adapters that they use for a moment.

The command line's own small composition root: no command constructs an adapter itself."""

import os
from functools import cached_property
from pathlib import Path

import typer
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.claude_code.binary import ClaudeBinaries
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.images import PodmanImages
from airut.config.load import find_config, load_config
from airut.config.schema import Config
from airut.ports.blobs import BlobStore
from airut.temporal.connection import connect

EXIT_USAGE = 2
EXIT_CONFIG = 3
EXIT_UNREACHABLE = 4
EXIT_NOT_FOUND = 5
EXIT_REFUSED = 6


class Settings:
    """The configuration, read when a command first needs it."""

    def __init__(self, named: Path | None) -> None:
        self._named = named

    @cached_property
    def path(self) -> Path:
        return find_config(self._named)

    @cached_property
    def config(self) -> Config:
        return load_config(self.path)

    async def client(self) -> Client:
        return await connect(self.config.temporal, LocalBlobStore(self.config.payloads))

    @property
    def blobs(self) -> BlobStore:
        """Texts and files of messages, where the workers have them."""
        return LocalBlobStore(self.config.blob_folder)


def engine() -> Engine:
    """Podman of this user; to be closed by the caller."""
    return Engine()


def proxy_images(podman: Engine) -> PodmanImages:
    """What builds the proxy's image, before there is any configuration."""
    bundle = os.environ.get("AIRUT_BUILD_CA")
    return PodmanImages(podman, roots=b"", build_ca=Path(bundle) if bundle else None)


def claude_binaries() -> ClaudeBinaries:
    """The cache of versions, for all installations of this user."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return ClaudeBinaries(cache / "airut" / "claude")


def not_found(text: str) -> typer.Exit:
    """Say what was not found; for `raise not_found(…)`."""
    typer.echo(text, err=True)
    return typer.Exit(EXIT_NOT_FOUND)


def is_missing(error: RPCError) -> bool:
    return error.status is RPCStatusCode.NOT_FOUND
