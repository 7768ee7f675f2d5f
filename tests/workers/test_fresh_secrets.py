"""Secrets of a worker process: commands are run at its start, and again when their time is over. What SIGHUP does shows
`tests/e2e/test_rotation.py`."""

import asyncio
from pathlib import Path

from airut.config.load import load_config
from workers.fresh_secrets import fresh

CONFIG = """
config_version: 1
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {console: {}}
    agent: {auth: {api_key: {command: [sh, -c, 'date >> asked; echo sk-ant-api03-real'], ttl: 1s}}}
"""


async def test_commands_are_run_before_anybody_waits_for_them(tmp_path: Path) -> None:
    (tmp_path / "airut.yaml").write_text(CONFIG)
    config, asked = load_config(tmp_path / "airut.yaml", {}), tmp_path / "asked"
    assert not asked.exists()
    async with fresh(config.sources, every=0.1):
        assert len(asked.read_text().splitlines()) == 1
        async with asyncio.timeout(20):
            while len(asked.read_text().splitlines()) < 3:
                await asyncio.sleep(0.1)
