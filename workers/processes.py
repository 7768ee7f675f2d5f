"""What every process of ours has in common: arguments, logs, an orderly end."""

import argparse
import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

from temporalio.client import Client
from temporalio.service import RPCError

from airut.adapters.systemd_notify import adopt
from airut.config.load import load_config
from airut.config.places import find_config
from airut.config.schema import Config
from airut.config.store_version import ensure
from airut.config.warnings import exposed, warnings
from airut.errors import AirutError, AlreadyRunning
from airut.models.credentials.redaction import Redactor
from airut.ports.blobs import BlobStore
from airut.temporal.connection import connect
from airut.temporal.search_attributes import ensure_search_attributes
from workers.log_format import begin_logging, configure_logging
from workers.redacted_logs import redact_logs
from workers.watched import keep_telling, tell_stopping

EXIT_CONFIG = 3
EXIT_REFUSED = 6

SUPERVISED = "AIRUT_SUPERVISED"
"""Set for the parts of `airut up`."""

log = logging.getLogger("airut")


def run(name: str, body: Callable[[Config, asyncio.Event], Awaitable[None]]) -> None:
    """Run one process to its end: `body` gets the configuration and an event that is set on SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--config", type=Path)
    arguments = parser.parse_args()
    adopt(os.environ)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold every secret; what we start inherits it
    begin_logging(name)
    code, redactor = 0, Redactor()
    try:
        path = find_config(arguments.config).resolve()
        os.environ["AIRUT_CONFIG"] = str(path)  # for the processes that this one starts
        config = load_config(path)
        ensure(config.state)
        redactor = config.sources.redactor
        redact_logs(redactor)
        configure_logging(name, config.telemetry)
        if not os.environ.get(SUPERVISED):  # else the supervisor has said it
            for warning in (*exposed(config), *warnings(config)):
                log.warning("%s", warning)
        asyncio.run(_with_signals(config, body))
    except AlreadyRunning as error:
        print(redactor.text(str(error)), file=sys.stderr)
        code = EXIT_REFUSED
    except AirutError as error:
        print(redactor.text(str(error)), file=sys.stderr)
        code = EXIT_CONFIG
    except Exception:  # process boundary: the interpreter would print it as it is
        log.exception("ended by an unexpected error")
        code = 1
    end(code)


async def _with_signals(config: Config, body: Callable[[Config, asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()

    def told(number: signal.Signals) -> None:
        if stop.is_set():
            log.warning("told to stop a second time: ending at once; agents run on")
            end(128 + number)
        tell_stopping()
        stop.set()

    on_stop_signals(told)
    telling = asyncio.create_task(keep_telling())
    try:
        await body(config, stop)
    finally:
        telling.cancel()


def on_stop_signals(told: Callable[[signal.Signals], None]) -> None:
    """Call this for each SIGTERM and SIGINT, in place of what was called before."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)


def end(code: int) -> NoReturn:
    """End this process now, with this exit code. The SDK can crash while the interpreter is torn down, and exit codes
    would lie (temporalio/sdk-python#300)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def connected(config: Config, payloads: BlobStore, stop: asyncio.Event) -> Client | None:
    """The Temporal client, waiting for the server as long as it takes; None when told to stop before.

    Raises:
        ConfigError: the server lacks what an operator has to make.
    """
    delay = 0.1
    while not stop.is_set():
        try:
            client = await connect(config.temporal, payloads, config.sources.redactor)
            if config.temporal.mode == "external":  # every process: an intake that was first would have mails refused
                await ensure_search_attributes(client)
        except (RuntimeError, RPCError) as error:
            log.info("Temporal does not answer yet: %s", str(error)[:120])
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)
        else:
            return client
    return None
