"""A configuration with one repository, `web`, as the installation reads it."""

from pathlib import Path
from typing import Any

from airut.config.repositories import ConfiguredRepositories
from airut.config.schema import Config

KEY = b"k" * 32
AGENT: dict[str, Any] = {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}}
REPO: dict[str, object] = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}},
    "agent": AGENT,
    "env": {"LOG_LEVEL": "debug"},
    "credentials": {"GH_TOKEN": {"value": "ghp_" + "R" * 36, "hosts": ["api.github.com"]}},
}


def repositories(**repo: object) -> ConfiguredRepositories:
    config = Config.model_validate({"config_version": 1, "repos": {"web": {**REPO, **repo}}})
    return ConfiguredRepositories(config, KEY, lambda _: Path("/opt/claude/claude"))
