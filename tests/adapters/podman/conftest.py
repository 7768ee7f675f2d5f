"""Real rootless Podman, with the images that `airut image` made. Run through scripts/lab."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa, load_or_create_root
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.images import PodmanImages
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.models.hosts.build import BuildPolicy
from airut.models.hosts.sandbox import NetworkSpec, SandboxRef
from tests.contract.sandbox import Stage
from tests.support.podman_images import NOTHING, ROOT, podman_images


@pytest.fixture(scope="session")
def podman() -> None:
    if os.getuid() == 0 or not shutil.which("podman"):
        pytest.skip("needs rootless Podman: run it as `scripts/lab -- python -m pytest …`")


@pytest.fixture(scope="session")
async def engine(podman: None) -> AsyncIterator[Engine]:
    engine = Engine()
    yield engine
    await engine.close()


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def root() -> RootCa:
    return load_or_create_root(ROOT)


@pytest.fixture(scope="session")
def policies() -> dict[str, BuildPolicy]:
    """What is not `NOTHING`, by repository."""
    return {}


@pytest.fixture(scope="session")
def images(engine: Engine, root: RootCa, settings: SandboxSettings, policies: dict[str, BuildPolicy]) -> PodmanImages:
    return podman_images(engine, root, settings, lambda repo: policies.get(repo, NOTHING))


@pytest.fixture(scope="session")
async def image(images: PodmanImages) -> str:
    return await images.ensure("web", None)


@pytest.fixture(scope="session")
def settings(state: Path) -> SandboxSettings:
    return SandboxSettings(
        installation="airut-tests",
        host="here",
        state=state,
        enforce=Enforce.BEST_EFFORT,
        cgroup_parent=os.environ.get("AIRUT_CGROUP_PARENT"),
        warm=0,
    )


@pytest.fixture(scope="session")
async def proxy_image(engine: Engine) -> str:
    return await ProxyImage(engine).ensure()


@pytest.fixture(scope="session")
async def sandboxes(
    engine: Engine, settings: SandboxSettings, root: RootCa, proxy_image: str
) -> AsyncIterator[PodmanSandboxes]:
    sandboxes = PodmanSandboxes(engine, settings, FenceRules(root), proxy_image)
    yield sandboxes
    await sandboxes.close()


@pytest.fixture
def allowed() -> NetworkSpec:
    """A network that lets through www.example.com of the lab's internet."""
    if "AIRUT_LAB" not in os.environ:
        pytest.skip("needs the lab's internet: scripts/lab -- pytest …")
    return NetworkSpec(
        allowlist="domains: [www.example.com]\n",
        repository="acme/web",
        granted_presets=(),
        upstream_dns=(os.environ["AIRUT_LAB_DNS"],),
        extra_ca_files=(Path(os.environ["AIRUT_LAB_CA_DIR"]) / "ca.pem",),
    )


def command_lines() -> Iterator[bytes]:
    """Of all processes but those that end meanwhile."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()


def killed_from_outside(engine: Engine) -> Callable[[SandboxRef], Awaitable[None]]:
    """The container is there, dead, and says nothing of how it ended."""

    async def cut_off(ref: SandboxRef) -> None:
        await Containers(engine).signal(ref.container, "SIGKILL")

    return cut_off


@pytest.fixture
async def stage(sandboxes: PodmanSandboxes, engine: Engine, image: str, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(sandboxes=sandboxes, folder=tmp_path, image=image, from_outside=killed_from_outside(engine))
    yield stage
    for made in stage.started:
        await sandboxes.remove(made)
