"""Images from one machine's store to another's that starts with none, over real Podman."""

import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa, load_or_create_root
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.image_files import ImageFiles
from airut.adapters.podman.marks import OURS
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.adapters.podman.sources import BASE
from airut.adapters.podman.store import ImageStore
from airut.ci.image_archive import INDEX, Contents, sealed
from airut.ci.image_cache import ImageCache
from airut.ci.image_keys import image_keys
from airut.errors import SandboxError
from tests.support.podman_images import ROOT, podman_images

KEY = "k" * 64


def container(folder: Path) -> Path:
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM airut/base\nRUN echo kept >/kept\n")
    return folder


class SmallProxy:
    """In place of the proxy's image, which would be copied for a minute, a file and no more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def tag(self) -> str:
        return f"{OURS}small-proxy:1"

    async def ensure(self) -> str:
        files = io.BytesIO()
        with tarfile.open(fileobj=files, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("empty"))
        name = await self.tag()
        await self._engine.upload(
            "/images/import", "import", iter([files.getvalue()]), {"reference": name}, lambda _: None
        )
        return name


def cache(engine: Engine, root: RootCa, settings: SandboxSettings, build: Path) -> ImageCache:
    return ImageCache(
        store=ImageStore(engine),
        files=ImageFiles(engine),
        images=podman_images(engine, root, settings),
        proxy=SmallProxy(engine),
        repo="kept",
        container=build,
        keys=image_keys(build),
        seal=KEY,
        most=168 * 3600.0,
    )


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    if os.getuid() == 0 or not shutil.which("podman"):
        pytest.skip("needs rootless Podman: run it as `scripts/lab -- pytest …`")
    engine = Engine()
    yield engine
    await engine.close()


@pytest.fixture
def root() -> RootCa:
    return load_or_create_root(ROOT)


@pytest.fixture
def settings(tmp_path: Path) -> SandboxSettings:
    return SandboxSettings(
        installation="airut-ci-tests",
        host="here",
        state=tmp_path / "state",
        enforce=Enforce.BEST_EFFORT,
        cgroup_parent=os.environ.get("AIRUT_CGROUP_PARENT"),
        warm=0,
    )


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A store with nothing in it, as on another machine; `podman build` finds it as well."""
    folder = tmp_path / "elsewhere"
    for name, path in (("XDG_DATA_HOME", folder / "data"), ("XDG_RUNTIME_DIR", folder / "run")):
        path.mkdir(parents=True, mode=0o700)
        monkeypatch.setenv(name, str(path))
    socket = folder / "socket"
    service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{socket}"])
    try:
        while not socket.exists():
            time.sleep(0.02)
        yield Engine(socket)
    finally:
        service.terminate()
        service.wait()
        remove = 'umount --lazy "$0"/data/containers/storage/overlay; rm -rf "$0"'
        subprocess.run(["podman", "unshare", "sh", "-c", remove, folder], check=True)


async def test_from_one_machine_to_another(
    engine: Engine, root: RootCa, settings: SandboxSettings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    build, kept = container(tmp_path / "container"), tmp_path / "kept"
    here = cache(engine, root, settings, build)
    said = await here.save(kept)
    assert re.fullmatch(
        rf"images localhost/airut/kept:\w+ and localhost/airut/small-proxy:1 are there; saved to {kept}, \d+ MiB", said
    )
    assert (await here.save(kept)).endswith(f" are there, and in {kept}")
    assert (await here.load(kept)).endswith("not used: this host has a base image, and builds upon that")
    assert not [tag for tag in await here.files.tags(await here.proxy.tag()) if "kept" in tag]

    podman = request.getfixturevalue("elsewhere")
    there = cache(podman, load_or_create_root(tmp_path / "ca"), settings, build)
    assert (await there.load(kept)).startswith("images of 20")
    # By the names of this machine: its certificate authority is another one.
    below = await there.images.below("kept", build)
    assert below != await here.images.below("kept", build)
    found = [await there.store.exists(tag) for tag in (below, await there.proxy.tag())]
    assert found == [True, True]
    assert not [tag for tag in await there.files.tags(below) if "kept-repository" in tag]
    await podman.close()


def folder_of(tmp_path: Path, tags: Sequence[str], contents: Contents, key: str, **members: bytes) -> Path:
    """An archive with these members, whose index says what it should."""
    kept = tmp_path / "kept"
    kept.mkdir()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name.replace("_", "."))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    written = contents.model_copy(
        update={
            "tags": tuple(tags),
            "size": len(data.getvalue()),
            "sha256": hashlib.sha256(data.getvalue()).hexdigest(),
        }
    )
    (kept / written.file).write_bytes(data.getvalue())
    (kept / INDEX).write_bytes(sealed(written, key))
    return kept


NAMES = (BASE, f"{OURS}kept-proxy:{{proxy}}", f"{OURS}kept-repository:{{repository}}")


@pytest.mark.parametrize(
    ("tags", "inside", "said"),
    [
        ((BASE,), (BASE,), "it holds images by names that no job gives"),
        ((*NAMES, "localhost/airut/web:0123456789abcdef"), NAMES, "it holds images by names that no job gives"),
        ((*NAMES, "localhost/airut/base:../x"), NAMES, "it holds images by names that no job gives"),
        (NAMES, (*NAMES, "docker.io/library/debian:12"), "the archive names its images .*debian:12, and not "),
        (NAMES, (), "the archive names its images not at all, and not "),
    ],
)
async def test_names_that_no_job_gives(
    settings: SandboxSettings,
    root: RootCa,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    engine: Engine,
    tags: Sequence[str],
    inside: Sequence[str],
    said: str,
) -> None:
    build = container(tmp_path / "container")
    podman = request.getfixturevalue("elsewhere")
    there = cache(podman, root, settings, build)
    tags, inside = ([name.format(**there.keys.model_dump()) for name in each] for each in (tags, inside))
    contents = Contents(
        created=datetime.now(UTC), architecture=platform.machine(), keys=there.keys, tags=(), size=0, sha256="0" * 64
    )
    index = json.dumps([{"Config": "x.json", "RepoTags": list(inside), "Layers": []}]).encode()
    kept = folder_of(tmp_path, tags, contents, KEY, manifest_json=index)
    with pytest.raises(SandboxError, match=said):
        await there.load(kept)
    assert not await there.store.exists(BASE)
    await podman.close()
