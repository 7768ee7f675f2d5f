"""What the commands share: the configuration, and a connection to Temporal."""

from functools import cached_property
from pathlib import Path

import typer
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from airut.config.load import find_config, load_config
from airut.config.schema import Config
from airut.temporal.connection import connect

EXIT_USAGE = 2
EXIT_CONFIG = 3
EXIT_UNREACHABLE = 4
EXIT_NOT_FOUND = 5


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
        return await connect(self.config.temporal)


def not_found(text: str) -> typer.Exit:
    """Say what was not found; for `raise not_found(…)`."""
    typer.echo(text, err=True)
    return typer.Exit(EXIT_NOT_FOUND)


def is_missing(error: RPCError) -> bool:
    return error.status is RPCStatusCode.NOT_FOUND
