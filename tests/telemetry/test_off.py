"""Without `telemetry` in the configuration nothing of it is there."""

import subprocess
import sys

CODE = """
import asyncio, sys
from airut.config.schema import Config
from airut.ports.telemetry import Silence
import workers.intake
from workers.telemetry_wiring import telemetry

async def main():
    async with telemetry(Config(config_version=1), "control") as measured:
        assert isinstance(measured, Silence) and not measured.enabled
asyncio.run(main())
print([name for name in ("opentelemetry.sdk", "opentelemetry.exporter") if name in sys.modules])
"""


def test_neither_sdk_nor_exporter_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
