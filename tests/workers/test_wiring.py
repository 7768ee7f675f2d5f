"""What is constructed for a configuration, and what is not even loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from airut.config.schema import Config
from airut.errors import FileRefused
from airut.models.threads.message import ChannelKind, RemoteFile
from workers.channels_wiring import ConfiguredFiles

LATER = {"aiohttp", "opentelemetry.sdk", "slack_bolt", "slack_sdk", "starlette"}
"""What only some repositories need: every start would wait for it, and every process hold it in memory."""
HOSTS = {"githubkit", "httpx", "podman"}
"""What sandbox hosts alone need in any case."""
LOADED = f"""
import sys
import workers.control, workers.intake
print(sorted({LATER | HOSTS} & set(sys.modules)))
import workers.sandbox_host
print(sorted({LATER} & set(sys.modules)))
"""


def test_a_worker_does_not_load_what_no_repository_asks_for() -> None:
    root = Path(__file__).parents[2]
    printed = subprocess.run([sys.executable, "-c", LOADED], cwd=root, capture_output=True, text=True, check=True)
    assert printed.stdout == "[]\n[]\n"


async def test_files_of_a_channel_that_no_repository_has(tmp_path: Path) -> None:
    repo = {
        "url": "https://github.com/acme/web.git",
        "channels": {"console": {}},
        "agent": {"auth": {"api_key": "k" * 9}},
    }
    config = Config.model_validate({"config_version": 1, "state_dir": tmp_path, "repos": {"web": repo}})
    file = RemoteFile(id="F1", name="a", media_type="text/plain", size=1, url="https://files.slack.com/a")
    with pytest.raises(FileRefused, match="web has no slack channel any more"):
        await ConfiguredFiles(config).fetch("web", ChannelKind.SLACK, file)
