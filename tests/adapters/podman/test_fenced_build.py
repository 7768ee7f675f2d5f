"""Builds in a cell: their limits, what they leave, and what they say."""

import asyncio
import dataclasses
import os
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa
from airut.adapters.podman.built_images import BuiltImages
from airut.adapters.podman.cells import SCOPE, BuildCells, Cell, scope_for
from airut.adapters.podman.containers import Containers, moment
from airut.adapters.podman.context import ContextFile
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.fenced_build import FencedBuild, build_fenced, command
from airut.adapters.podman.images import PodmanImages
from airut.adapters.podman.network import Networks
from airut.adapters.podman.settings import SandboxSettings
from airut.errors import EngineError, ImageBuildFailed
from airut.models.hosts.build import BuildPolicy
from airut.models.hosts.sandbox import Limits, NetworkSpec
from tests.adapters.podman.conftest import command_lines
from tests.support.eventually import eventually
from tests.support.podman_images import NOTHING, build_cells, podman_images

needs_controllers = pytest.mark.skipif(
    not os.environ.get("AIRUT_CGROUP_V1") and not os.environ.get("AIRUT_CGROUP_LIMITS"),
    reason="no cgroup controllers are delegated here; scripts/lab brings some along",
)
BASE = "FROM airut/base\n"


FORKS = """\
import os, time
n = 0
try:
    while n < 200:
        if not os.fork():
            time.sleep(9)
        n += 1
except OSError as error:
    print(error.errno, n < 60)
"""


def folder(path: Path, text: str, program: str = "") -> Path:
    path.mkdir()
    (path / "program").write_text(program)
    (path / "Dockerfile").write_text(text)
    return path


def test_the_engine_is_started_without_a_network_and_under_the_holders_limits(tmp_path: Path) -> None:
    cell = Cell(
        pid=7,
        cgroup="/user.slice/libpod-0.scope/container",
        scope=("enter",),
        strict=True,
        folder=Path("/cell"),
        scratch=Path("/scratch"),
        log=Path("/log"),
        seccomp=Path("/seccomp.json"),
        fenced=True,
    )
    wanted = FencedBuild("it", "tag", (ContextFile("Containerfile", 0o644),), 60, {"BASE": "x"}, {"l": "m"})
    enter = ["enter", "podman", "unshare", "sh", "-c", 'echo $$ >"$0" || exit 97; exec "$@"']
    enter.append("/sys/fs/cgroup/user.slice/libpod-0.scope/container/cgroup.procs")
    build = [
        *("podman", "--cgroup-manager=cgroupfs", "build", "--tag=tag", "--file=/c/Containerfile", "--layers"),
        *("--force-rm", "--pull=never", "--http-proxy=false", "--security-opt=seccomp=/seccomp.json"),
        *("--volume=/cell/empty:/sys/fs/cgroup:ro", "--build-arg=BASE=x", "--label=l=m"),
    ]
    fenced = [
        *("--no-hosts", "--network=ns:/proc/7/ns/net", "--dns=none", "--volume=/cell/resolv.conf:/etc/resolv.conf:ro"),
        *("--volume=/cell/ca.pem:/etc/airut/ca-bundle.pem:ro", "--volume=/cell/apt.conf:/etc/airut/apt.conf:ro"),
    ]
    ca = Path("/ca.pem")
    assert [
        command(cell, dataclasses.replace(wanted, **more), Path("/c"))
        for more in ({}, {"online": False, "fresh": True}, {"open": True}, {"open": True, "ca": ca})
    ] == [
        [*enter, "unshare", "--net", *build, *fenced, "/c"],
        [*enter, "unshare", "--net", *build, "--no-cache", "--no-hosts", "--network=none", "/c"],
        [*enter, *build, "/c"],
        [*enter, *build, "--volume=/ca.pem:/etc/ssl/certs/ca-certificates.crt:ro", "/c"],
    ]


@pytest.mark.parametrize(
    ("cgroup", "under_systemd", "scope"),
    [
        ("/user.slice/user-7.slice/user@7.service/app.slice/airut.service", True, ()),
        ("/user.slice/user-7.slice/session-3.scope", True, SCOPE),
        ("/system.slice/airut.service", True, SCOPE),
        ("/user.slice/user-70.slice/user@70.service", True, SCOPE),
        ("/", False, ()),
    ],
)
def test_a_login_session_is_left_first(cgroup: str, under_systemd: bool, scope: tuple[str, ...]) -> None:
    assert scope_for(cgroup, 7, under_systemd=under_systemd) == scope


@pytest.mark.parametrize(("strict", "told"), [(True, None), (False, "this build runs without limits")])
async def test_a_host_that_does_not_let_a_build_be_limited(
    engine: Engine,
    root: RootCa,
    own: SandboxSettings,
    cells: BuildCells,
    tmp_path: Path,
    strict: bool,
    told: str | None,
) -> None:
    (tmp_path / "logs").mkdir()
    files = (ContextFile("Dockerfile", 0o644, f"{BASE}RUN echo begun; false\n".encode()),)
    async with cells.open("web", NOTHING, tmp_path / "logs", fenced=False) as cell:
        nowhere = dataclasses.replace(cell, cgroup="/no-such-group", strict=strict)
        with pytest.raises(EngineError if strict else ImageBuildFailed) as caught:
            await build_fenced(
                nowhere, FencedBuild("it", f"localhost/airut-tests/{secrets.token_hex(4)}", files, 60, online=False)
            )
    if told is None:
        assert str(caught.value).startswith("a build could not be put under limits: this host cannot limit the memory")
    else:
        assert isinstance(caught.value, ImageBuildFailed)
        assert told in caught.value.log_tail.splitlines()
        assert "begun" in caught.value.log_tail.splitlines()


async def test_blocked_requests_are_told_with_the_rule_that_allows_them(images: PodmanImages, tmp_path: Path) -> None:
    text = f"{BASE}RUN curl -fsS https://x.example.org/tool && false\n"
    with pytest.raises(ImageBuildFailed) as caught:
        await images.ensure("web", folder(tmp_path / "container", text))
    assert str(caught.value).splitlines()[1:] == [
        "The fence of the build refused:",
        "- GET https://x.example.org/tool: host_not_allowed; to allow it, add to url_prefixes of build.allowlist in"
        ' airut.yaml: {"host": "x.example.org", "path": "/tool", "methods": ["GET"]}',
    ]
    assert caught.value.log_tail.splitlines()[-1].startswith("Error: ")


@needs_controllers
@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("python3 -c 'x = bytearray(400 * 1024 ** 2)' || echo memory $?", "memory 137"),
        ("python3 /program", "11 True"),
    ],
    ids=["memory", "processes"],
)
async def test_limits(
    images: PodmanImages, policies: dict[str, BuildPolicy], tmp_path: Path, step: str, told: str
) -> None:
    policies["limited"] = NOTHING.model_copy(update={"limits": Limits(memory=200 * 1024**2, cpus=1, pids=60)})
    text = f"{BASE}LABEL x={secrets.token_hex(4)}\nCOPY program /\nRUN {step}\nRUN false\n"
    with pytest.raises(ImageBuildFailed) as caught:
        await images.ensure("limited", folder(tmp_path / "container", text, FORKS))
    assert told in caught.value.log_tail.splitlines()


@pytest.fixture
def own(settings: SandboxSettings, tmp_path: Path) -> SandboxSettings:
    return dataclasses.replace(
        settings, installation="airut-builds", state=tmp_path / "state", runtime=tmp_path / "run"
    )


async def things(engine: Engine, settings: SandboxSettings) -> list[object]:
    """What is there of builds: containers, networks, folders."""
    label = "airut.installation=airut-builds"
    networks = await Networks(engine, settings.pool).labelled(label, "airut.owner=build")
    containers = await Containers(engine).labelled(label)
    return [*containers, *networks, *settings.runtime.glob("build-*"), *(settings.state / "builds").glob("scratch-*")]


@pytest.fixture
def cells(engine: Engine, root: RootCa, own: SandboxSettings) -> BuildCells:
    return build_cells(engine, root, own)


async def test_a_build_that_takes_too_long_ends_and_leaves_nothing(
    engine: Engine, root: RootCa, own: SandboxSettings, cells: BuildCells, tmp_path: Path
) -> None:
    policy = NOTHING.model_copy(update={"time": 3.0})
    images = podman_images(engine, root, own, lambda _: policy)
    text = f"{BASE}RUN echo begun; touch /x; chown 33 /x; sleep 98.7\n"
    with pytest.raises(ImageBuildFailed, match=r"the image of web could not be built: it took longer than 0 minutes"):
        await images.ensure("web", folder(tmp_path / "container", text))
    assert await things(engine, own) == []
    await eventually(lambda: not any(b"98.7" in line for line in command_lines()))  # by itself it would end later


async def test_what_a_dead_process_has_left_goes_and_what_lives_stays(
    engine: Engine, own: SandboxSettings, cells: BuildCells, tmp_path: Path
) -> None:
    (tmp_path / "logs").mkdir()
    async with cells.open("web", NOTHING, tmp_path / "logs", fenced=True):
        await cells.remove_dead()
        there = await things(engine, own)
        assert len(there) == 6  # proxy, holder, two networks, and two folders
        for lock in (own.state / "locks").iterdir():
            lock.unlink()  # as the kernel does it with the process
        await cells.remove_dead()
        assert await things(engine, own) == []


async def test_a_build_that_is_cancelled_leaves_nothing(
    engine: Engine, root: RootCa, own: SandboxSettings, cells: BuildCells, tmp_path: Path
) -> None:
    images = podman_images(engine, root, own)
    build = asyncio.create_task(images.ensure("web", folder(tmp_path / "container", f"{BASE}RUN sleep 97.6\n")))
    async with asyncio.timeout(60):
        while not any(b"sleep 97.6" in path.read_bytes() for path in own.state.glob("builds/web/steps.log")):
            await asyncio.sleep(0.1)
    build.cancel()
    with pytest.raises(asyncio.CancelledError):
        await build
    assert await things(engine, own) == []


async def test_builds_share_no_cache(images: PodmanImages, tmp_path: Path) -> None:
    steps = (
        "RUN --mount=type=cache,target=/cache ls /cache | grep poison || echo clean; touch /cache/poison\nRUN false\n"
    )
    for name in ("one", "two"):
        with pytest.raises(ImageBuildFailed) as caught:
            await images.ensure(name, folder(tmp_path / name, f"{BASE}LABEL x={secrets.token_hex(4)}\n{steps}"))
        assert "clean" in caught.value.log_tail.splitlines()


async def test_an_image_that_does_something_to_those_built_on_it(
    engine: Engine, images: PodmanImages, tmp_path: Path
) -> None:
    lower = f"localhost/airut-tests/on-build:{secrets.token_hex(4)}"
    process = await asyncio.create_subprocess_exec(
        *("podman", "build", "--quiet", f"--tag={lower}", "--format=docker", "-"), stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(b"FROM airut/base\nONBUILD ADD http://x/ /\n")
    try:
        with pytest.raises(ImageBuildFailed, match=rf"{lower} is an image that runs instructions .* \(ONBUILD\)"):
            await images.ensure("web", folder(tmp_path / "container", f"FROM {lower}\n"))
    finally:
        await engine.delete(f"/images/{lower}", "clean up", params={"force": True})


async def test_registries(images: PodmanImages, policies: dict[str, BuildPolicy], tmp_path: Path) -> None:
    policies["narrow"] = NOTHING.model_copy(update={"registries": ("ghcr.io", "quay.io")})
    with pytest.raises(ImageBuildFailed) as caught:
        await images.ensure("narrow", folder(tmp_path / "container", "FROM debian:12\n"))
    assert str(caught.value) == (
        "the image of narrow could not be built: debian:12 is of no registry that may be used (ghcr.io, quay.io);"
        " name one of these in full, or add to container.registries in airut.yaml"
    )


async def test_an_open_build_says_so(
    engine: Engine, images: PodmanImages, policies: dict[str, BuildPolicy], tmp_path: Path
) -> None:
    network = NetworkSpec(allowlist=None, repository="acme/web", granted_presets=())
    policies["opened"] = NOTHING.model_copy(update={"open": True, "network": network})
    outside = os.environ.get("AIRUT_LAB_SPARE")
    text = f"{BASE}RUN curl -fsS http://{outside}/from-an-open-build\n" if outside else BASE
    tag = await images.ensure("opened", folder(tmp_path / "container", text))
    found = await engine.get(f"/images/{tag}/json", "inspect")
    labels = found["Config"]["Labels"]
    assert (labels["airut.build"], labels["airut.repo"]) == ("open", "opened")
    assert labels["airut.from"].startswith("airut/base@sha256:")
    (told,) = [image for image in await BuiltImages(engine).newest() if image.repo == "opened"]
    assert (told.tag, told.stands_on, told.open) == (tag, (labels["airut.from"],), True)
    assert abs(told.made_at - moment(found["Created"])) < timedelta(seconds=2)
