"""Warm fences: claimed once, given rules of their own, replaced."""

import dataclasses
import ipaddress
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa, load_or_create_root
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.network import Networks
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import SandboxSettings
from airut.models.hosts.sandbox import NetworkSpec
from tests.adapters.podman.conftest import killed_from_outside
from tests.contract.sandbox import Stage

ASK = "curl -s -o /dev/null -w '%{http_code}\\n' https://api.anthropic.com/v1/models"


@pytest.fixture
def no_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was claimed is not replaced while a test counts what there is."""
    monkeypatch.setattr("airut.adapters.podman.warm.PAUSE", 3600.0)


@pytest.fixture
async def warm(
    engine: Engine,
    settings: SandboxSettings,
    root: RootCa,
    proxy_image: str,
    image: str,
    tmp_path: Path,
    no_refill: None,
) -> AsyncIterator[Stage]:
    settings = dataclasses.replace(settings, warm=1, runtime=settings.runtime.parent / f"w{os.getpid()}")
    sandboxes = PodmanSandboxes(engine, settings, FenceRules(root), proxy_image)
    await sandboxes.open()
    stage = Stage(sandboxes=sandboxes, folder=tmp_path, image=image, from_outside=killed_from_outside(engine))
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


class Host:
    """Processes of one host, one after the other: each opens its sandboxes, and dies without a word."""

    def __init__(self, engine: Engine, settings: SandboxSettings, root: RootCa, proxy_image: str) -> None:
        self.engine, self.settings, self.root, self.proxy_image = engine, settings, root, proxy_image
        self.opened: list[PodmanSandboxes] = []

    @property
    def runtime(self) -> Path:
        return self.settings.runtime

    async def open(self, **more: object) -> PodmanSandboxes:
        settings = dataclasses.replace(self.settings, **more)  # type: ignore[arg-type]
        sandboxes = PodmanSandboxes(self.engine, settings, FenceRules(self.root), self.proxy_image)
        self.opened.append(sandboxes)
        await sandboxes.open()
        return sandboxes

    async def fences(self, installation: str = "airut-tests") -> tuple[set[str], set[str]]:
        """The names of warm proxies, and of warm networks."""
        labels = (f"airut.installation={installation}", "airut.owner=warm")
        proxies = await Containers(self.engine).labelled(*labels)
        networks = await Networks(self.engine, self.settings.pool).labelled(*labels)
        return {found["airut.fence"] for found in proxies}, {found["airut.fence"] for found in networks}

    def ready(self) -> set[str]:
        return {folder.name.removeprefix("warm-") for folder in self.runtime.glob("warm-*")}


@pytest.fixture
async def host(
    engine: Engine,
    settings: SandboxSettings,
    root: RootCa,
    proxy_image: str,
    no_refill: None,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Host]:
    monkeypatch.setattr("airut.adapters.podman.warm.START_MOST", 0.0)  # as if ten minutes had gone by
    host = Host(engine, dataclasses.replace(settings, warm=1, runtime=settings.runtime.parent / "h"), root, proxy_image)
    yield host
    for sandboxes in host.opened:
        await sandboxes.discard_warm()
        await sandboxes.close()


async def test_what_is_left_of_a_process_that_died_making_one_is_removed(host: Host) -> None:
    await host.open()
    (left,) = host.ready()
    (host.runtime / f"warm-{left}").rename(host.runtime / f"making-{left}")
    (host.runtime / "making-w000000000000").mkdir()  # not even a network yet
    await host.open()
    assert len(host.ready()) == 1
    assert await host.fences() == (host.ready(), host.ready())
    assert left not in host.ready()
    assert list(host.runtime.glob("making-*")) == []


async def test_what_another_process_is_making_stays(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airut.adapters.podman.warm.START_MOST", 60.0)
    await host.open()
    (making,) = host.ready()
    (host.runtime / f"warm-{making}").rename(host.runtime / f"making-{making}")
    await host.open(warm=0)
    assert await host.fences() == ({making}, {making})
    (host.runtime / f"making-{making}").rename(host.runtime / f"warm-{making}")


async def test_what_is_left_of_the_time_before_a_reboot_is_removed(host: Host) -> None:
    await host.open()
    shutil.rmtree(host.runtime)
    await host.open(warm=0)
    assert await host.fences() == (set(), set())


async def test_a_warm_one_that_is_ready_stays(host: Host) -> None:
    await host.open()
    ready = host.ready()
    await host.open()
    assert host.ready() == ready
    assert await host.fences() == (ready, ready)


@pytest.mark.parametrize("changed", ["image", "authority", "pool"])
async def test_one_that_was_made_of_something_else_is_replaced(host: Host, tmp_path: Path, changed: str) -> None:
    await host.open()
    before, more = host.ready(), dict[str, object]()
    if changed == "image":
        name, _, tag = host.proxy_image.rpartition(":")
        host.proxy_image = f"{name}:newer-{tag}"
        await host.engine.post(f"/images/{name}:{tag}/tag", "tag", params={"repo": name, "tag": f"newer-{tag}"})
    elif changed == "authority":
        host.root = load_or_create_root(tmp_path / "ca")
    else:
        more = {"pool": ipaddress.IPv4Network("10.203.0.0/24")}
    await host.open(**more)
    after = host.ready()
    assert (len(after), after & before) == (1, set())
    assert await host.fences() == (after, after)  # and nothing is left of the one before


async def test_one_that_a_sandbox_has_stays_while_its_agent_exists(host: Host, image: str, tmp_path: Path) -> None:
    sandboxes = await host.open()
    (claimed,) = host.ready()
    stage = Stage(sandboxes=sandboxes, folder=tmp_path, image=image)
    spec = stage.spec("echo ready; sleep 60")
    ref = await sandboxes.start(spec)
    await stage.until(ref, b"ready\n")
    shutil.rmtree(host.runtime / spec.sandbox_id)  # as after a reboot; the agent is what counts
    await host.open(warm=0)
    assert await host.fences() == ({claimed}, {claimed})
    await sandboxes.remove(spec.sandbox_id)
    assert claimed not in set.union(*await host.fences())


async def test_another_installation_is_not_touched(host: Host) -> None:
    others = await host.open(installation="airut-others", runtime=host.runtime.with_name("others"))
    theirs = await host.fences("airut-others")
    (folder,) = host.runtime.with_name("others").glob("warm-*")
    folder.rename(folder.with_name("hidden"))
    await host.open(warm=0)
    assert await host.fences("airut-others") == theirs
    assert theirs[0]
    folder.with_name("hidden").rename(folder)
    await others.discard_warm()
