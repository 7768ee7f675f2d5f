"""Replays what Temporal has recorded with the workflow code of this installation: `airut task replay`, `airut replay`.

A process of its own, since the command line knows no workflows.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from google.protobuf.json_format import ParseError
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from airut.config.load import load_config
from airut.config.places import find_config
from airut.config.schema import Config
from airut.errors import AirutError
from airut.temporal.codec import data_converter
from airut.temporal.connection import connect
from airut.temporal.replay import Replayed, Replays
from workers.wiring import payload_store
from workflows.registered import WORKFLOWS

EXIT_FAILED, EXIT_USAGE, EXIT_CONFIG, EXIT_UNREACHABLE, EXIT_NOT_FOUND = 1, 2, 3, 4, 5


class Unreadable(Exception):
    """A file that holds no history; says why."""


def from_file(path: Path, workflow: str) -> WorkflowHistory:
    """A history as `temporal workflow show -o json` and the Temporal UI write it.

    Raises:
        Unreadable
    """
    try:
        history = WorkflowHistory.from_json(workflow, path.read_text())
        if not history.run_id:
            raise Unreadable(f"{path} names no run")
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except (ValueError, RuntimeError, ParseError) as error:
        reason = str(error).splitlines()[0][:200]
        raise Unreadable(
            f"{path} is no history ({reason}); `temporal workflow show -w ID -o json` writes one"
        ) from error
    return history


async def recorded(client: Client, workflow: str) -> AsyncIterator[WorkflowHistory]:
    """Every run of one workflow that Temporal still has, newest first."""
    async for history in _histories(client, f"WorkflowId = '{workflow}'", None):
        yield history


async def recent(client: Client, count: int) -> AsyncIterator[WorkflowHistory]:
    """The open runs of our workflows, the newest first, and then those that closed last."""
    types = ", ".join(f"'{each.__name__}'" for each in WORKFLOWS)
    async for history in _histories(client, f"WorkflowType IN ({types})", count):
        yield history


async def _histories(client: Client, query: str, limit: int | None) -> AsyncIterator[WorkflowHistory]:
    async for run in client.list_workflows(query, limit=limit):
        try:
            yield await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # its retention has just ended
                raise


def summary(found: list[Replayed]) -> str:
    """What a person reads: how much was replayed, and each run that differs."""
    failed = [replayed for replayed in found if replayed.difference is not None]
    if not failed:
        runs = "" if len(found) == 1 else f" of {len(found)} histories"
        return f"{sum(replayed.events for replayed in found)} events{runs} replayed, deterministic"
    lines = [f"{each.workflow} (run {each.run}) differs at {each.difference}" for each in failed]
    if len(found) > 1:
        lines.append(f"{len(failed)} of {len(found)} histories differ from what this version does")
    return "\n".join(lines)


async def replay(config: Config, arguments: argparse.Namespace) -> list[Replayed]:
    store = payload_store(config)
    if arguments.history is not None:
        history = from_file(arguments.history, arguments.workflow)
        converter = data_converter(config.temporal.codec, config.temporal.namespace, store)
        return [await Replays(WORKFLOWS, converter).one(history)]
    client = await connect(config.temporal, store)
    if arguments.recent is not None:
        histories = recent(client, arguments.recent)
    else:
        histories = recorded(client, arguments.workflow)
    return [replayed async for replayed in Replays(WORKFLOWS, client.data_converter).of(histories)]


def report(found: list[Replayed], arguments: argparse.Namespace) -> int:
    """Print the result; returns the exit code."""
    failed = any(replayed.difference for replayed in found)
    if arguments.json:
        runs = [replayed.model_dump(mode="json") for replayed in found]
        print(json.dumps({"version": 1, "deterministic": not failed, "runs": runs}, indent=2))
    elif found or arguments.recent is not None:
        print(summary(found))
    if not found and arguments.recent is None:
        print(f"Temporal has no history of {arguments.workflow}", file=sys.stderr)
        return EXIT_NOT_FOUND
    return EXIT_FAILED if failed else 0


def main(given: Sequence[str] | None = None) -> int:
    """Replay as these arguments say, the process's own by default; returns the exit code."""
    parser = argparse.ArgumentParser(prog="airut replay")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--history", type=Path)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--workflow")
    what.add_argument("--recent", type=int)
    arguments = parser.parse_args(given)
    try:
        config = load_config(find_config(arguments.config))
        return report(asyncio.run(replay(config, arguments)), arguments)
    except Unreadable as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except AirutError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    except (RPCError, RuntimeError) as error:
        print(f"airut: Temporal is not reachable: {error}", file=sys.stderr)
        return EXIT_UNREACHABLE


if __name__ == "__main__":
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)  # what differs is our answer, and said once
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK can crash while the interpreter is torn down, and exit codes would lie (temporalio/sdk-python#300).
    os._exit(code)
