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
from airut.ci.documents import Documents
from airut.ci.order import Order
from airut.ci.place import Place
from airut.ci.policy import policy
from airut.ci.result import RunResult
from airut.ci.running import Stopped
from airut.ci.running import run as run_order
from airut.config.limit_settings import SandboxLimitSettings
from airut.config.limits import HostSize, limits_on
from airut.models.hosts.sandbox import NetworkSpec


def run(
    command: Annotated[list[str], typer.Argument(help="What to run, and its arguments; after --.")],
    policy_ref: Annotated[
        str | None, typer.Option(metavar="REF", help="Read .airut/ from this commit, not from the working tree.")
    ] = None,
    head: Annotated[
        str | None, typer.Option(metavar="REF", help="The commit whose changes of .airut/ are told, with --policy-ref.")
    ] = None,
    no_credentials: Annotated[  # noqa: ARG001  # a run has none yet; who says so must go on being right
        bool, typer.Option("--no-credentials", help="Whatever the repository says.")
    ] = False,
    stdin: Annotated[bool, typer.Option("-i", help="Attach standard input.")] = False,
    terminal: Annotated[bool, typer.Option("-t", help="Give the command a terminal.")] = False,
    enforce: Annotated[
        Enforce, typer.Option(envvar="AIRUT_SANDBOX_ENFORCE", help="On a host that cannot hold the limits.")
    ] = Enforce.STRICT,
    network_log: Annotated[Path | None, typer.Option(metavar="F", help="The fence's log.")] = None,
    summary: Annotated[str | None, typer.Option(metavar="F", help="The run as Markdown, for a CI's page.")] = None,
    junit: Annotated[str | None, typer.Option(metavar="F", help="The run as a JUnit report.")] = None,
    annotations: Annotated[
        str | None, typer.Option(metavar="F", help="Its notes as GitHub's workflow commands.")
    ] = None,
    verbose: Annotated[bool, typer.Option("-v", help="Say how long the parts of the start took.")] = False,
) -> None:
    """Run a command in the current folder, in a sandbox. The exit code is the command's."""
    begun = time.monotonic()
    documents = Documents(summary=summary, junit=junit, annotations=annotations)
    limits = limits_on(HostSize.here(), SandboxLimitSettings()).model_copy(update={"idle": None})
    order = Order(
        sandbox_id=new_id(),
        repo=repository(Path.cwd()),
        command=tuple(command),
        workspace=Path.cwd(),
        network=NetworkSpec(allowlist=None, repository=repository(Path.cwd()), granted_presets=()),
        limits=limits,
        stdin=stdin,
        terminal=terminal,
    )
    try:
        result = asyncio.run(_run(order, enforce, begun, policy_ref, head, network_log))
    except Stopped as stopped:
        raise typer.Exit(128 + int(stopped.args[0])) from None
    documents.write(result)
    report(result, verbose=verbose)
    raise typer.Exit(result.exit_code)


async def _run(
    order: Order, enforce: Enforce, begun: float, policy_ref: str | None, head: str | None, network_log: Path | None
) -> RunResult:
    place = Place(enforce)
    try:
        async with policy(order.workspace, policy_ref, head) as found:
            network = order.network.model_copy(update={"allowlist": found.allowlist})
            wanted = order.model_copy(update={"container": found.container, "network": network})
            result = await run_order(place, wanted, begun, network_log=network_log)
            return result.model_copy(update={"policy_changes": found.changes})
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
