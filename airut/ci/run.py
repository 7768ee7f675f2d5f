"""`airut-sandbox run -- COMMAND`."""

import asyncio
import base64
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from airut.adapters.podman.settings import Enforce
from airut.ci.order import Order
from airut.ci.place import Place
from airut.ci.result import RunResult
from airut.ci.running import Stopped
from airut.ci.running import run as run_order
from airut.config.limit_settings import SandboxLimitSettings
from airut.config.limits import HostSize, limits_on
from airut.models.hosts.build import CONTAINER
from airut.models.hosts.sandbox import ALLOWLIST_FILE, NetworkSpec


def run(
    command: Annotated[list[str], typer.Argument(help="What to run, and its arguments; after --.")],
    stdin: Annotated[bool, typer.Option("-i", help="Attach standard input.")] = False,
    terminal: Annotated[bool, typer.Option("-t", help="Give the command a terminal.")] = False,
    enforce: Annotated[
        Enforce, typer.Option(envvar="AIRUT_SANDBOX_ENFORCE", help="On a host that cannot hold the limits.")
    ] = Enforce.STRICT,
    verbose: Annotated[bool, typer.Option("-v", help="Say how long the parts of the start took.")] = False,
) -> None:
    """Run a command in the current folder, in a sandbox. The exit code is the command's."""
    begun = time.monotonic()
    workspace = Path.cwd()
    order = Order(
        sandbox_id=new_id(),
        repo=repository(workspace),
        command=tuple(command),
        workspace=workspace,
        container=workspace / CONTAINER if (workspace / CONTAINER).is_dir() else None,
        network=NetworkSpec(
            allowlist=_text(workspace / ALLOWLIST_FILE),
            repository=repository(workspace),
            granted_presets=(),
        ),
        limits=limits_on(HostSize.here(), SandboxLimitSettings()).model_copy(update={"idle": None}),
        stdin=stdin,
        terminal=terminal,
    )
    try:
        result = asyncio.run(_run(order, enforce, begun))
    except Stopped as stopped:
        raise typer.Exit(128 + int(stopped.args[0])) from None
    report(result, verbose=verbose)
    raise typer.Exit(result.exit_code)


async def _run(order: Order, enforce: Enforce, begun: float) -> RunResult:
    place = Place(enforce)
    try:
        return await run_order(place, order, begun)
    finally:
        await place.close()


def report(result: RunResult, *, verbose: bool) -> None:
    """On standard error, after the command's own."""
    if verbose:
        parts = ", ".join(f"{name} {ms} ms" for name, ms in result.parts_ms.items())
        print(f"airut-sandbox: start: {parts}", file=sys.stderr)
    for one in result.blocked:
        times = f" ({one.count} times)" if one.count > 1 else ""
        allow = f"; to allow it: {one.rule}" if one.rule else ""
        print(f"airut-sandbox: blocked: {one.method} {one.url}: {one.reason}{times}{allow}", file=sys.stderr)
    if result.problem:
        print(f"airut-sandbox: {result.problem}", file=sys.stderr)


def new_id() -> str:
    """12 base32 characters, as every sandbox has."""
    return base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]


def repository(workspace: Path) -> str:
    """`owner/name`, as the CI system has it; else as good as the folder tells."""
    for variable in ("GITHUB_REPOSITORY", "CI_PROJECT_PATH"):
        if (name := os.environ.get(variable, "")).count("/") == 1:
            return name
    return f"local/{workspace.name or 'workspace'}"


def _text(file: Path) -> str | None:
    try:
        return file.read_text(errors="replace")
    except FileNotFoundError:
        return None
