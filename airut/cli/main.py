"""`airut`: the command line. Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 Temporal or a service not
reachable, 5 not found, 6 refused."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from temporalio.service import RPCError

from airut.cli import (
    answer,
    audit,
    backup,
    check,
    dashboard,
    demo,
    host,
    image,
    init,
    migrate,
    policy,
    replay,
    schedule,
    send,
    service,
    slack,
    task,
    thread,
    thread_commands,
    thread_files,
    update,
)
from airut.cli.context import EXIT_CONFIG, EXIT_UNREACHABLE, Settings, Unreachable, become, become_at
from airut.errors import AirutError, ConfigError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(thread.app, name="thread")
thread_commands.add_to(thread.app)
thread.app.command("answer")(answer.answer)
thread.app.command("files")(thread_files.files)
app.add_typer(task.app, name="task")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("check")(check.check)
app.command("update")(update.update)
app.command("install-service")(service.install_service)
app.command("uninstall-service")(service.uninstall_service)
app.command("replay")(replay.replay_recent)
app.add_typer(image.app, name="image")
app.add_typer(schedule.app, name="schedule")
app.add_typer(policy.app, name="policy")
app.add_typer(slack.app, name="slack")
app.add_typer(audit.app, name="audit")
app.command("send")(send.send)
app.command("demo")(demo.demo)
app.command("dashboard")(dashboard.dashboard)
app.command("drain")(host.drain)
app.command("down")(host.down)
app.command("init")(init.init)
app.command("migrate")(migrate.migrate)
app.add_typer(host.app, name="host")

worker = typer.Typer(no_args_is_help=True, help="Run one worker against a Temporal server.")
app.add_typer(worker, name="worker")


@app.callback()
def main(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The configuration; else $AIRUT_CONFIG, ~/.config/airut.")] = None,
) -> None:
    """Send a message; an isolated container, Claude Code and a pull request answer it."""
    context.obj = Settings(config)


@app.command()
def up(context: typer.Context) -> None:
    """Start everything: embedded Temporal, workers, intake, dashboard. Ctrl-C stops all in order. Without a
    configuration, the dashboard asks for one first."""
    become_at("workers.supervisor" if (path := init.wanted(context.obj)).exists() else "workers.first_run", path)


@app.command()
def intake(context: typer.Context) -> None:
    """Run the intake alone."""
    become("workers.intake", context.obj)


@worker.command("control")
def worker_control(context: typer.Context) -> None:
    """Workflows and replies."""
    become("workers.control", context.obj)


@worker.command("host")
def worker_host(
    context: typer.Context,
    host_id: Annotated[str | None, typer.Option(help="Its name; else sandbox.host_id, or the machine's.")] = None,
    drain: Annotated[bool, typer.Option("--drain", help="Take no new threads, until `airut drain --undo`.")] = False,
) -> None:
    """Sandboxes on this machine."""
    options = ["--host-id", host_id] if host_id else []
    become("workers.sandbox_host", context.obj, *options, *(["--drain"] if drain else []))


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
    except RPCError as error:
        print(f"airut: Temporal does not answer: {error.message}", file=sys.stderr)
        return EXIT_UNREACHABLE
    return 0


def run() -> None:
    """Entry point. Ends with `os._exit`, since the Temporal SDK can crash while the interpreter is torn down."""
    code = execute()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
