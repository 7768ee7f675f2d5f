"""What goes on when something dies: the worker, the proxy, the container; and what is not believed."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from airut.adapters.podman.bodies import ENGINE_GRACE
from airut.adapters.podman.containers import Container, Containers
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.following import exit_status
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import SandboxSettings
from airut.errors import CutOff, EngineError, EngineUnavailable, ImageMissing, NetworkLost, PolicyInvalid
from airut.models.hosts.sandbox import ExitStatus, LimitHit, Limits, NetworkSpec, SandboxSignal, SandboxSpec
from tests.contract.sandbox import WAITS, Stage
from tests.support.podman_images import ROOT

WORKER = """
import asyncio, json, sys
from airut.adapters.ca import load_or_create_root
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.models.hosts.sandbox import SandboxSpec
from pathlib import Path

async def main(told):
    state = Path(told["state"])
    settings = SandboxSettings(told["installation"], "here", state, enforce=Enforce.BEST_EFFORT,
                               cgroup_parent=told["cgroup"], warm=0)
    sandboxes = PodmanSandboxes(Engine(), settings, FenceRules(load_or_create_root(Path(told["ca"]))), told["proxy"])
    ref = await sandboxes.start(SandboxSpec.model_validate_json(told["spec"]))
    async for chunk in sandboxes.follow(ref, 0):
        if chunk.data:
            print("following", flush=True)

asyncio.run(main(json.load(sys.stdin)))
"""


def begun_by_a_worker(spec: SandboxSpec, settings: SandboxSettings, proxy_image: str) -> subprocess.Popen[str]:
    """A process that has started this sandbox, and follows it."""
    told = {
        "state": str(settings.state),
        "ca": str(ROOT),
        "installation": settings.installation,
        "cgroup": settings.cgroup_parent,
        "proxy": proxy_image,
        "spec": spec.model_dump_json(),
    }
    worker = subprocess.Popen([sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(told))
    worker.stdin.close()
    assert worker.stdout.readline() == "following\n"
    return worker


def kill(worker: subprocess.Popen[str]) -> None:
    """With its pipe open until then: it must not end by itself before, for want of a reader."""
    assert worker.poll() is None
    worker.send_signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL
    assert worker.stdout is not None
    worker.stdout.close()


WAIT = "until [ -e go ]; do sleep 0.05; done"


def go_on(spec: SandboxSpec) -> None:
    (spec.mounts[0].source / "go").touch()


async def test_the_agent_outlives_the_worker(
    stage: Stage, settings: SandboxSettings, proxy_image: str, sandboxes: PodmanSandboxes
) -> None:
    spec = stage.spec(f"echo ready; {WAIT}; for i in $(seq 30); do echo $i; sleep 0.02; done; exit 6")
    worker = await asyncio.to_thread(begun_by_a_worker, spec, settings, proxy_image)
    kill(worker)
    go_on(spec)

    ref = await sandboxes.start(spec)
    output, ended = await stage.rest(ref)
    assert ref.adopted
    assert output == b"ready\n" + b"".join(b"%d\n" % i for i in range(1, 31))
    assert ended.code == 6


async def test_a_frozen_agent_outlives_the_worker_and_its_limits_wait(
    stage: Stage, settings: SandboxSettings, proxy_image: str, sandboxes: PodmanSandboxes, engine: Engine
) -> None:
    script = f"echo ready; {WAIT}; for i in $(seq 20); do echo $i; sleep 0.05; done; exit 6"
    limits = Limits(memory=512 * 1024**2, cpus=1, pids=200, time=8.0, freeze=1800.0)
    spec = stage.spec(script, limits=limits)
    worker = await asyncio.to_thread(begun_by_a_worker, spec, settings, proxy_image)
    ref = await sandboxes.start(spec)
    await sandboxes.signal(ref, SandboxSignal.PAUSE)
    kill(worker)
    found = await engine.get(f"/containers/{ref.container}/json", "inspect")
    assert (found["State"]["Status"], found["Config"]["Timeout"]) == ("paused", 8 + 1800 + ENGINE_GRACE)
    proxy = await Containers(engine).inspect(f"airut-proxy-{ref.sandbox_id}")
    assert proxy is not None
    assert proxy.status == "running"
    size = (ref.folder / "out" / "events.jsonl").stat().st_size
    await asyncio.sleep(9)  # longer than all its time, and than what its clock takes for a busy machine
    assert (ref.folder / "out" / "events.jsonl").stat().st_size == size

    go_on(spec)
    ref = await sandboxes.start(spec)
    await sandboxes.signal(ref, SandboxSignal.THAW)
    output, ended = await stage.rest(ref)
    assert ref.adopted
    assert output == b"ready\n" + b"".join(b"%d\n" % i for i in range(1, 21))
    assert (ended.code, ended.limit) == (6, None)
    assert 1.0 < ended.duration_s < 8.0


async def test_a_frozen_agent_is_interrupted_as_any_other(stage: Stage, sandboxes: PodmanSandboxes) -> None:
    async with stage.running(WAITS) as ref:
        await sandboxes.signal(ref, SandboxSignal.PAUSE)
        await sandboxes.signal(ref, SandboxSignal.INTERRUPT)
        output, ended = await stage.rest(ref)
        assert (output, ended.code) == (b"ready\ninterrupted\n", 7)


async def test_without_its_proxy_the_agent_is_killed(stage: Stage, engine: Engine) -> None:
    containers = Containers(engine)
    async with stage.running(WAITS) as ref:
        await containers.signal(f"airut-proxy-{ref.sandbox_id}", "SIGKILL")
        with pytest.raises(NetworkLost):
            await stage.rest(ref)
        agent = await containers.inspect(ref.container)
        assert agent is not None
        assert not agent.running


async def test_a_proxy_that_was_lost_while_nobody_watched(stage: Stage, engine: Engine) -> None:
    spec = stage.spec(WAITS)
    ref = await stage.sandboxes.start(spec)
    await stage.until(ref, b"ready\n")
    await Containers(engine).signal(f"airut-proxy-{ref.sandbox_id}", "SIGKILL")
    again = await stage.sandboxes.start(spec)
    assert again.adopted
    with pytest.raises(NetworkLost):
        await stage.rest(again)


async def test_after_a_reboot(stage: Stage, engine: Engine, settings: SandboxSettings) -> None:
    """Both containers are dead, and what lay on tmpfs is gone."""
    spec = stage.spec(WAITS)
    ref = await stage.sandboxes.start(spec)
    await stage.until(ref, b"ready\n")
    for container in (ref.container, f"airut-proxy-{ref.sandbox_id}"):
        await Containers(engine).signal(container, "SIGKILL")
    shutil.rmtree(settings.runtime / spec.sandbox_id)
    again = await stage.sandboxes.start(spec)
    assert again.adopted
    with pytest.raises(CutOff):
        await stage.rest(again)


async def test_a_start_that_was_cut_off_is_made_anew(stage: Stage, engine: Engine, settings: SandboxSettings) -> None:
    """The worker died before it let the command go: nothing has run."""
    spec = stage.spec("echo begun >>begun; cat begun")
    ref = await stage.sandboxes.start(spec.model_copy(update={"command": ("sleep", "60")}))
    (settings.runtime / spec.sandbox_id / "agent" / "go").unlink()
    again = await stage.sandboxes.start(spec)
    assert (again.adopted, (await stage.rest(again))[0]) == (False, b"begun\n")
    assert ref.container == again.container


def ended(**more: object) -> Container:
    values: dict[str, object] = {
        "name": "airut-x", "id": "1", "status": "exited", "exit_code": 137, "oom_killed": False, "cgroup": "",
        "started": True, "duration_s": 5.0, "labels": {"airut.sandbox": "x", "airut.time_limit": "60"},
    }  # fmt: skip
    return Container(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("container", "said", "killed", "status"),
    [
        (ended(exit_code=3), ExitStatus(code=3), False, ExitStatus(code=3)),
        (ended(exit_code=3), ExitStatus(code=4), False, ExitStatus(code=4, tampered=True)),
        (ended(oom_killed=True), ExitStatus(code=137), False, ExitStatus(code=137, oom_killed=True)),
        (ended(oom_killed=True), None, False, ExitStatus(code=137, signal=9, oom_killed=True, duration_s=5)),
        (ended(), None, True, ExitStatus(code=137, signal=9, duration_s=5)),
        (ended(duration_s=361.0), None, False, ExitStatus(code=137, signal=9, limit=LimitHit.TIME, duration_s=361)),
    ],
    ids=["told", "forged", "child out of memory", "PID 1 out of memory", "by our order", "by the engine for its time"],
)
def test_how_it_ended(container: Container, said: ExitStatus | None, killed: bool, status: ExitStatus) -> None:
    assert exit_status(container, said, killed=killed) == status


@pytest.mark.parametrize("code", [0, 1, 137, 143])
def test_an_end_that_nothing_explains(code: int) -> None:
    with pytest.raises(CutOff, match="sandbox x was cut off"):
        exit_status(ended(exit_code=code), None, killed=False)


async def test_a_container_that_was_removed_by_hand(stage: Stage, engine: Engine) -> None:
    async with stage.running(WAITS) as ref:
        await Containers(engine).remove(ref.container)
        with pytest.raises(EngineError, match="was removed"):
            await stage.rest(ref)


@pytest.mark.parametrize(
    "script",
    [
        "echo '{}' >/run/airut/out/exit.json; sleep 60",
        f"echo one; {WAIT}; : >/run/airut/out/events.jsonl; sleep 60",
        f"echo one; {WAIT}; cp /run/airut/out/events.jsonl /run/airut/out/n; mv /run/airut/out/n /run/airut/out/events.jsonl; "
        "sleep 60",
        "rm /run/airut/out/events.jsonl; ln -s /etc/passwd /run/airut/out/events.jsonl; sleep 60",
        "mkdir /run/airut/out/exit.json",
    ],
    ids=["forged exit", "cut", "replaced", "link", "no exit"],
)
async def test_tampering_is_seen(stage: Stage, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airut.adapters.podman.following.END_WAIT", 1.0)  # so that the forgery is seen within the test
    spec = stage.spec(script)
    async for chunk in stage.sandboxes.follow(await stage.sandboxes.start(spec), 0):
        assert b"root" not in chunk.data
        if chunk.data:
            go_on(spec)
    assert chunk.exit is not None
    assert chunk.exit.tampered


async def test_nothing_is_left_of_a_start_that_fails(stage: Stage, engine: Engine, settings: SandboxSettings) -> None:
    spec = stage.spec("true", image="localhost/airut/no-such-image:1")
    with pytest.raises(ImageMissing):
        await stage.sandboxes.start(spec)
    assert not (settings.runtime / spec.sandbox_id).exists()
    assert await engine.get(f"/networks/airut-{spec.sandbox_id}/json", "look") is None
    assert await Containers(engine).inspect(f"airut-proxy-{spec.sandbox_id}") is None


async def test_a_wrong_policy_starts_nothing(stage: Stage, settings: SandboxSettings) -> None:
    spec = stage.spec("true", network=NetworkSpec(allowlist="domains: [1", repository="acme/web"))
    with pytest.raises(PolicyInvalid):
        await stage.sandboxes.start(spec)
    assert not (settings.runtime / spec.sandbox_id).exists()


async def test_no_engine(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "none.sock")
    with pytest.raises(EngineUnavailable):
        await Containers(engine).inspect("x")
    await engine.close()
