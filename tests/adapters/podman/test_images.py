"""Images by content."""

import asyncio
import time
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa, load_or_create_root
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.image_files import ImageFiles
from airut.adapters.podman.images import Due, PodmanImages, due
from airut.adapters.podman.settings import SandboxSettings
from airut.adapters.podman.store import ImageStore
from airut.errors import ImageBuildFailed, RegistryUnavailable
from tests.contract.sandbox import Stage
from tests.support.podman_images import NOTHING, podman_images

DAY = 86400.0

SETTINGS = "cat ~/.tool/settings; echo changed >~/.tool/settings; cat ~/.tool/settings"


def folder(path: Path, dockerfile: str, **files: str) -> Path:
    path.mkdir()
    (path / "Dockerfile").write_text(dockerfile)
    for name, text in files.items():
        (path / name).write_text(text)
    return path


async def test_a_dockerfile_of_the_repository(images: PodmanImages, stage: Stage, tmp_path: Path) -> None:
    build = folder(
        tmp_path / "container",
        "FROM airut/base\nCOPY tool /usr/local/bin/tool\nRUN chmod +x /usr/local/bin/tool\n"
        "RUN mkdir -p /home/agent/.tool && echo kept >/home/agent/.tool/settings\n",
    )
    (build / "tool").write_text("#!/bin/sh\necho the tool of $(id -un)\n")
    tag = await images.ensure("acme/Web", build)
    assert tag.startswith("localhost/airut/acme-web:")
    assert await images.ensure("acme/Web", build) == tag
    output, _ = await stage.run(
        stage.spec(f"tool; git config user.email; {SETTINGS}; grep -c BEGIN $SSL_CERT_FILE", image=tag)
    )
    tool, email, kept, changed, certificates = output.splitlines()
    assert (tool, email) == (b"the tool of agent", b"agent@sandbox.invalid")
    assert (kept, changed) == (b"kept", b"changed")
    assert int(certificates) > 100


async def test_what_a_dockerfile_makes_is_not_made_again_for_another_authority(
    engine: Engine, settings: SandboxSettings, images: PodmanImages, tmp_path: Path
) -> None:
    build = folder(tmp_path / "container", f"FROM airut/base\nLABEL x={time.time()}\n")
    await images.ensure("twice", build)
    other = podman_images(engine, load_or_create_root(tmp_path / "ca"), settings)
    await ImageFiles(engine).tag(await images.below("twice", build), await other.below("twice", build))
    tag = await other.ensure("twice", build)
    assert tag != await images.ensure("twice", build)
    assert [log.name for log in other.logs("twice").glob("*.log")] == ["layer.log"]


@pytest.mark.parametrize(
    ("dockerfile", "said", "last"),
    [
        ("FROM airut/base\nRUN echo before && false\n", "exit status", "before"),
        ("FROM airut/base\nRUN rm /usr/bin/git\n", "the image has no git; add it to the Dockerfile", ""),
        ("FROM airut/base\nRUN rm /usr/bin/python3\n", "the image has no python3; add it to", ""),
        ("FROM airut/no-such-image\n", "no-such-image", ""),
    ],
)
async def test_what_cannot_be_built_says_why(
    images: PodmanImages, tmp_path: Path, dockerfile: str, said: str, last: str
) -> None:
    with pytest.raises(ImageBuildFailed) as caught:
        await images.ensure("web", folder(tmp_path / "container", dockerfile))
    assert said in str(caught.value)
    assert last in caught.value.log_tail
    assert len(caught.value.log_tail.splitlines()) <= 40


@pytest.mark.parametrize(
    ("age", "most", "when"),
    [
        (99 * DAY, None, Due.NOT_YET),
        (DAY - 1, DAY, Due.NOT_YET),
        (DAY + 1, DAY, Due.MEANWHILE),
        (7 * DAY, DAY, Due.MEANWHILE),
        (7 * DAY + 1, DAY, Due.BEFORE_USE),
        (8 * DAY, 30 * DAY, Due.NOT_YET),
        (31 * DAY, 30 * DAY, Due.BEFORE_USE),
    ],
)
def test_when_an_image_is_built_anew(age: float, most: float | None, when: Due) -> None:
    assert due(age, most) is when


async def test_an_old_image_is_used_while_it_is_built_anew(
    engine: Engine, root: RootCa, settings: SandboxSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = NOTHING.model_copy(update={"max_age": 0.0})
    images, store = podman_images(engine, root, settings, lambda _: policy), ImageStore(engine)
    build = folder(tmp_path / "container", f"FROM airut/base\nLABEL x={time.time()}\n")
    tag = await images.ensure("aging", build)
    first = await store.id(tag)
    assert await images.ensure("aging", build) == tag  # at once
    async with asyncio.timeout(100):
        while await store.id(tag) == first:
            await asyncio.sleep(0.1)
    await images.close()
    second = await store.id(tag)

    monkeypatch.setattr("airut.adapters.podman.images.STALE", 0.0)  # seven days are not waited for
    policy = policy.model_copy(update={"time": 0.01})  # so that no build is quick enough
    assert await images.ensure("aging", build) == tag
    assert await store.id(tag) == second  # what there is is better than nothing


async def test_a_registry_that_does_not_answer_is_worth_another_try(images: PodmanImages, tmp_path: Path) -> None:
    build = folder(tmp_path / "container", "FROM 127.0.0.1:1/team/base:1\n")  # tcpmux: nothing listens there
    with pytest.raises(RegistryUnavailable, match=r"127.0.0.1:1/team/base:1 could not be pulled: .*connection refused"):
        await images.ensure("web", build)
