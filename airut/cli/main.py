"""`airut`: the command line. Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 Temporal or a service not
reachable, 5 not found, 6 refused."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from airut.cli.context import EXIT_CONFIG, EXIT_UNREACHABLE, Settings, Unreachable
from airut.cli.lazy import group_of
from airut.errors import AirutError, ConfigError

COMMANDS = {
    "init": "airut.cli.init:init",
    "check": "airut.cli.check:check",
    "up": "airut.cli.start:up",
    "down": "airut.cli.host:down",
    "demo": "airut.cli.demo:demo",
    "send": "airut.cli.send:send",
    "thread": "airut.cli.thread:app",
    "task": "airut.cli.task:app",
    "schedule": "airut.cli.schedule:app",
    "policy": "airut.cli.policy:app",
    "image": "airut.cli.image:app",
    "slack": "airut.cli.slack:app",
    "dashboard": "airut.cli.dashboard:dashboard",
    "audit": "airut.cli.audit:app",
    "backup": "airut.cli.backup:backup",
    "restore": "airut.cli.backup:restore",
    "update": "airut.cli.update:update",
    "migrate": "airut.cli.migrate:migrate",
    "replay": "airut.cli.replay:replay_recent",
    "install-service": "airut.cli.service:install_service",
    "uninstall-service": "airut.cli.service:uninstall_service",
    "host": "airut.cli.host:app",
    "drain": "airut.cli.host:drain",
    "intake": "airut.cli.start:intake",
    "worker": "airut.cli.start:worker",
}
"""In the order of `airut --help`: from the first use to what a service manager starts."""

app = typer.Typer(cls=group_of(COMMANDS), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The configuration; else $AIRUT_CONFIG, ~/.config/airut.")] = None,
) -> None:
    """Send a message; an isolated container, Claude Code and a pull request answer it."""
    context.obj = Settings(config)


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, the process's own by default; returns its exit code."""
    try:
        app(arguments, standalone_mode=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    except AirutError as error:
        print(f"airut: {error}", file=sys.stderr)
        return 1
    except Unreachable as error:
        print(f"airut: {error}", file=sys.stderr)
        return EXIT_UNREACHABLE
    except Exception as error:
        from temporalio.service import RPCError  # where it was raised, it is loaded

        if not isinstance(error, RPCError):
            raise
        print(f"airut: Temporal does not answer: {error.message}", file=sys.stderr)
        return EXIT_UNREACHABLE
    return 0


def run() -> None:
    """Entry point. Ends with `os._exit`, since the Temporal SDK can crash while the interpreter is torn down."""
    code = execute()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
