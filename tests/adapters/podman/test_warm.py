"""Warm fences: claimed once, given rules of their own, replaced."""

import dataclasses
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import SandboxSettings
from airut.models.sandbox import NetworkSpec
from tests.contract.sandbox import Stage

ASK = "curl -s -o /dev/null -w '%{http_code}\\n' https://api.anthropic.com/v1/models"


@pytest.fixture
async def warm(
    engine: Engine, settings: SandboxSettings, root: RootCa, proxy_image: str, image: str, tmp_path: Path
) -> AsyncIterator[Stage]:
    settings = dataclasses.replace(settings, warm=1, runtime=settings.runtime.parent / f"w{os.getpid()}")
    sandboxes = PodmanSandboxes(engine, settings, FenceRules(root), proxy_image)
    await sandboxes.open()
    stage = Stage(sandboxes=sandboxes, folder=tmp_path, image=image)
    yield stage
    await sandboxes.close()
    for made in stage.started:
        await sandboxes.remove(made)
    await sandboxes.discard_warm()


async def test_a_warm_fence_serves_one_sandbox(warm: Stage, settings: SandboxSettings) -> None:
    runtime = settings.runtime.parent / f"w{os.getpid()}"
    ready = [folder.name.removeprefix("warm-") for folder in runtime.glob("warm-*")]
    assert len(ready) == 1
    network = NetworkSpec(
        allowlist=None, repository="acme/web", granted_presets=("anthropic",), upstream_dns=("192.0.2.1",)
    )
    spec = warm.spec(f"cat /etc/resolv.conf; {ASK}", network=network)
    ref = await warm.sandboxes.start(spec)
    assert list(runtime.glob("warm-*")) == []
    output, ended = await warm.rest(ref)
    assert ended.code == 0
    # Allowed by the rules it was given after it had started; only the way to the outside does not exist here.
    assert output.splitlines()[-1] != b"403"
    log = (spec.folder / "log" / "network.jsonl").read_text()
    assert f'"task": "{spec.task}"' in log
    await warm.sandboxes.remove(spec.sandbox_id)
    assert list(runtime.iterdir()) == []


async def test_a_warm_proxy_opens_the_ports_that_its_rules_name(warm: Stage, settings: SandboxSettings) -> None:
    network = NetworkSpec(
        allowlist="url_prefixes:\n  - host: example.org\n    ports: [8443]\n", repository="acme/web", granted_presets=()
    )
    script = "p=$(awk '{print $2}' /etc/resolv.conf); curl -sk https://$p:8443/ >/dev/null; echo $?"
    spec = warm.spec(script, network=network)
    ref = await warm.sandboxes.start(spec)
    assert list((settings.runtime.parent / f"w{os.getpid()}").glob("warm-*")) == []
    output, _ = await warm.rest(ref)
    assert output != b"7\n"  # curl's word for: connection refused
