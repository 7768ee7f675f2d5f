"""What is left of sandboxes is found by its labels and by its folder, and goes; what is not ours is not seen."""

import asyncio
import dataclasses
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.sweep import SweepRules, Sweeps, SweptHost
from airut.adapters.ca import RootCa
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.network import Networks
from airut.adapters.podman.owned import merged
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import SandboxSettings
from airut.adapters.trees_unshared import UnsharedTrees
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sweep import Life, Missing, OwnedSandbox, Standing, SweepMemory, SweepOrder, SweepReport
from tests.activities.test_sweep import Left, Told
from tests.contract.sandbox import Stage

INSTALLATION = "airut-sweep"


class Host:
    """One installation on this host, and others that it must not see."""

    def __init__(
        self, engine: Engine, settings: SandboxSettings, root: RootCa, proxy_image: str, image: str, folder: Path
    ) -> None:
        self.engine, self.root, self.proxy_image, self.image, self.folder = engine, root, proxy_image, image, folder
        self.settings = dataclasses.replace(
            settings, installation=INSTALLATION, state=folder / "state", runtime=settings.runtime.parent / "sw"
        )
        self.stages: list[Stage] = []
        self.census = Told()

    def stage(self, **more: str) -> Stage:
        settings = dataclasses.replace(self.settings, **more)  # type: ignore[arg-type]
        sandboxes = PodmanSandboxes(self.engine, settings, FenceRules(self.root), self.proxy_image)
        stage = Stage(sandboxes=sandboxes, folder=self.folder, image=self.image)
        self.stages.append(stage)
        return stage

    async def sweep(self, later: timedelta = timedelta(minutes=11), moved: str = "") -> SweepReport:
        """As if that much time had gone by, and `moved` had been elsewhere all along."""
        sandboxes = self.stages[0].sandboxes
        assert isinstance(sandboxes, PodmanSandboxes)
        now = datetime.now(UTC) + later
        parts = SweptHost(
            ThreadFolders(state=self.settings.state), self.census, sandboxes, sandboxes, Left(), UnsharedTrees()
        )
        rules = SweepRules(host=self.settings.host, min_free=0.0)
        elsewhere = (Missing(thread=moved, since=now - timedelta(hours=1)),) if moved else ()
        order = SweepOrder(now=now, memory=SweepMemory(pruned_at=now, elsewhere=elsewhere))
        return await ActivityEnvironment().run(Sweeps(rules, parts).sweep_host, order)

    async def things(self, installation: str = INSTALLATION) -> tuple[set[str], set[str], set[str]]:
        """The sandboxes of which containers, networks and folders exist."""
        label = f"airut.installation={installation}"
        containers = await Containers(self.engine).labelled(label)
        networks = await Networks(self.engine, self.settings.pool).labelled(label)
        owners = [json.loads(file.read_text()) for file in self.settings.runtime.glob("*/owner.json")]
        folders = {labels["airut.sandbox"] for labels in owners if labels["airut.installation"] == installation}
        return _ids(containers), _ids(networks), folders


def _ids(found: list[dict[str, str]]) -> set[str]:
    return {labels["airut.sandbox"] for labels in found if "airut.sandbox" in labels}


@pytest.fixture
async def host(
    engine: Engine, settings: SandboxSettings, root: RootCa, proxy_image: str, image: str, tmp_path: Path
) -> AsyncIterator[Host]:
    host = Host(engine, settings, root, proxy_image, image, tmp_path)
    yield host
    for stage in host.stages:
        for made in stage.started:
            await stage.sandboxes.remove(made)
    shutil.rmtree(host.settings.runtime, ignore_errors=True)


async def test_a_start_that_is_broken_off_leaves_nothing(host: Host) -> None:
    """Wherever it is by then; a start takes a second or two here."""
    stage, broken_off = host.stage(), 0
    for seconds in (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8):
        spec = stage.spec("sleep 600")
        start = asyncio.create_task(stage.sandboxes.start(spec))
        await asyncio.sleep(seconds)
        start.cancel()
        try:
            await start
        except asyncio.CancelledError:
            broken_off += 1
        else:
            await stage.sandboxes.remove(spec.sandbox_id)
        assert await host.things() == (set(), set(), set()), f"after {seconds} s"
    await asyncio.sleep(2)  # for what the engine was still asked to make when its asker had gone
    assert await host.things() == (set(), set(), set())
    print(f"{broken_off} of 8 starts were broken off")
    assert broken_off >= 3


async def test_an_orphan_goes_and_the_live_stays(host: Host) -> None:
    stage = host.stage()
    live, orphan = stage.spec("sleep 600"), stage.spec("sleep 600")
    for spec in (live, orphan):
        await stage.sandboxes.start(spec)
    host.census.says[live.task] = host.census.says[live.thread] = Standing(life=Life.OPEN)
    both = {live.sandbox_id, orphan.sandbox_id}
    assert (await host.sweep(timedelta(minutes=9))).sandboxes == ()
    host.census.down = True
    assert (await host.sweep()).sandboxes == ()
    assert await host.things() == (both, both, both)
    host.census.down = False
    assert (await host.sweep()).sandboxes == (orphan.sandbox_id,)
    assert await host.things() == ({live.sandbox_id},) * 3
    host.census.says[live.thread] = Standing(life=Life.OPEN, host="elsewhere")
    assert (await host.sweep(moved=live.thread)).sandboxes == (live.sandbox_id,)
    assert await host.things() == (set(), set(), set())


@pytest.mark.parametrize("left", ["agent", "proxy", "network", "folder"])
async def test_whatever_part_is_left_goes(host: Host, left: str) -> None:
    stage = host.stage()
    spec = stage.spec("sleep 600")
    ref = await stage.sandboxes.start(spec)
    containers, networks = Containers(host.engine), Networks(host.engine, host.settings.pool)
    folder = host.settings.runtime / spec.sandbox_id
    if left != "agent":
        await containers.remove(ref.container)
    if left in {"network", "folder"}:
        await containers.remove(f"airut-proxy-{spec.sandbox_id}")
    if left == "folder":
        await networks.remove(f"airut-{spec.sandbox_id}")
    else:
        shutil.rmtree(folder)  # as after a reboot
    assert any(spec.sandbox_id in things for things in await host.things())
    assert (await host.sweep()).sandboxes == (spec.sandbox_id,)
    assert await host.things() == (set(), set(), set())
    assert not folder.exists()


async def test_another_installation_and_another_host_are_not_seen(host: Host) -> None:
    host.stage()
    others = host.stage(installation="airut-others"), host.stage(host="there")
    made = []
    for stage in others:
        spec = stage.spec("sleep 600")
        made.append(spec.sandbox_id)
        await stage.sandboxes.start(spec)
    assert (await host.sweep(timedelta(days=9))).sandboxes == ()
    assert await host.things("airut-others") == ({made[0]},) * 3
    assert await host.things() == ({made[1]},) * 3


async def test_folders_of_sub_users_go(host: Host) -> None:
    """A container's root, or any user of it but one, makes files that only the user namespace can remove."""
    root = host.folder / "thread"
    (root / "closed").mkdir(parents=True)
    (root / "closed" / "file").write_bytes(b"x" * 1024**2)
    trees = UnsharedTrees()
    for command in (("chown", "-R", "5:5", str(root / "closed")), ("chmod", "0", str(root / "closed"))):
        process = await asyncio.create_subprocess_exec("podman", "unshare", *command)
        assert await process.wait() == 0
    assert await trees.used((root,)) >= 1024**2
    await trees.remove(root)
    assert not root.exists()


def test_labels_that_tell_too_little_are_passed_over() -> None:
    good = {
        "airut.sandbox": "s",
        "airut.owner": "task",
        "airut.thread": "t",
        "airut.task": "t/task-1",
        "airut.started": "1000",
        "airut.time_limit": "60.0",
    }
    late = {**good, "airut.started": "2000"}
    broken = [{**good, "airut.started": "soon"}, {"airut.owner": "warm"}, {**good, "airut.time_limit": "inf"}]
    started = datetime.fromtimestamp(2000, UTC)
    assert merged([good, late, *broken]) == (
        OwnedSandbox(
            sandbox_id="s",
            owner="task",
            thread="t",
            task="t/task-1",
            started=started,
            ends=started + timedelta(seconds=360),
        ),
    )
