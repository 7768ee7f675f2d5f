"""`airut-sandbox`: one command in the same fence that agents work in, without server or Temporal."""

import os
import sys
from collections.abc import Sequence

import typer

from airut.ci import image, sweeping
from airut.ci import run as run_command
from airut.ci.outcome import EXIT_SANDBOX
from airut.errors import AirutError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Run one command in a sandbox behind a network allowlist."
)
app.command("run", context_settings={"allow_interspersed_args": False})(run_command.run)
app.command("sweep")(sweeping.run)
app.add_typer(image.app, name="image")
_AS_IT_IS = {"ignore_unknown_options": True, "allow_extra_args": True}


@app.callback()
def main() -> None:
    """Run one command in a sandbox behind a network allowlist."""


@app.command(add_help_option=False, context_settings=_AS_IT_IS)
def policy(context: typer.Context) -> None:
    """What an allowlist means: `policy check`, `policy explain METHOD URL`; as `airut policy`."""
    raise typer.Exit(_airut("policy", *context.args))


@app.command(add_help_option=False, context_settings=_AS_IT_IS)
def check(context: typer.Context) -> None:
    """Whether this host can run sandboxes, with a remedy where it cannot; as `airut check`."""
    raise typer.Exit(_airut("check", *context.args))


def _airut(*arguments: str) -> int:
    # Not at the top: it brings the Temporal client and all of the server's adapters, which no run has a use for.
    from airut.cli.main import execute as airut

    return airut(arguments)


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, the process's own by default; returns its exit code. What is wrong with the command line
    itself is told as every other problem of ours: 1 and 2 are the command's own codes."""
    try:
        code = app(arguments, standalone_mode=False)
    except typer.TyperException as error:
        print(f"airut-sandbox: {getattr(error, 'format_message', error.__str__)()}", file=sys.stderr)
        return EXIT_SANDBOX
    except AirutError as error:
        print(f"airut-sandbox: {error}", file=sys.stderr)
        return EXIT_SANDBOX
    except typer.Abort:
        return 130
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return code if isinstance(code, int) else 0


def run() -> None:
    """Entry point. Ends with `os._exit`: a thread may still wait for input that nobody reads any more."""
    code = execute()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
