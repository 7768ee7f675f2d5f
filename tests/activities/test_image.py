"""Building the repository's image: what is tried again, and what is counted for it."""

from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.image import ImageBuilds
from airut.errors import AirutError, EngineError, ImageBuildFailed
from airut.models.tasks.steps import ImageInput, ImageResult
from tests.activities.agent_bench import Tree

ORDER = ImageInput(repo="web", policy_commit="c" * 40)


class Engine:
    """Builds every image, or fails like this."""

    def __init__(self, error: AirutError | None = None) -> None:
        self._error = error

    async def ensure(self, repo: str, container: Path | None) -> str:
        if self._error is not None:
            raise self._error
        return f"image-of-{repo}"


class Attempt:
    """One attempt; `told` is what the next one finds."""

    def __init__(self, images: Engine, number: int = 1, told: tuple[object, ...] = ()) -> None:
        self._builds = ImageBuilds(Tree({}), images, {"web": "sandbox/image"}.__getitem__, {"web": None}.get)
        self._environment = ActivityEnvironment()
        default = ActivityEnvironment.default_info()
        self._environment.info = replace(default, attempt=number, heartbeat_details=told)
        self.told = told
        self._environment.on_heartbeat = self._tell

    def _tell(self, *details: object) -> None:
        self.told = details

    async def run(self) -> ImageResult:
        return await self._environment.run(self._builds.build_image, ORDER)

    async def failure(self) -> ApplicationError:
        with pytest.raises(ApplicationError) as raised:
            await self.run()
        return raised.value


async def test_a_hiccup_is_tried_three_times_however_many_workers_died() -> None:
    told: tuple[object, ...] = ()
    seen = []
    for number in (1, 7, 30):  # the attempts between these were killed with their workers
        attempt = Attempt(Engine(EngineError("the registry says 503")), number, told)
        failure = await attempt.failure()
        seen.append((failure.message, failure.type, failure.non_retryable))
        told = attempt.told
    hiccup = ("the registry says 503", "image_failed")
    assert seen == [(*hiccup, False), (*hiccup, False), (*hiccup, True)]


async def test_an_attempt_that_is_killed_leaves_the_count_as_it_was() -> None:
    attempt = Attempt(Engine(), 2, ({"failed": 2},))
    assert await attempt.run() == ImageResult(tag="image-of-web")
    assert attempt.told == ({"failed": 2},)


async def test_a_failing_dockerfile_is_final_at_once() -> None:
    failure = await Attempt(Engine(ImageBuildFailed("RUN make failed", "no rule"))).failure()
    assert (failure.message, failure.type, failure.non_retryable) == (
        "RUN make failed\n\nno rule",
        "image_failed",
        True,
    )


class Kept:
    """Keeps what it was asked to build: the files of the folder."""

    def __init__(self) -> None:
        self.built: list[dict[str, str] | None] = []

    async def ensure(self, repo: str, container: Path | None) -> str:
        self.built.append({file.name: file.read_text() for file in container.iterdir()} if container else None)
        return "tag"


async def test_the_folder_that_is_configured_is_built_and_no_other() -> None:
    tree, images = Tree({".airut/container": "the usual one", "sandbox/image": "the configured one"}), Kept()
    for folder in (".airut/container", "sandbox/image", "nowhere"):
        builds = ImageBuilds(tree, images, {"web": folder}.__getitem__, {"web": None}.get)
        await ActivityEnvironment().run(builds.build_image, ORDER)
    assert images.built == [{"container": "the usual one"}, {"image": "the configured one"}, None]


async def test_a_repository_without_a_folder_has_the_image_that_is_named() -> None:
    tree, images, bases = Tree({".airut/container": "its own"}), Kept(), {"web": "docker.io/library/debian:trixie"}
    for folder in (".airut/container", "sandbox"):
        builds = ImageBuilds(tree, images, {"web": folder}.__getitem__, bases.get)
        await ActivityEnvironment().run(builds.build_image, ORDER)
    assert images.built == [{"container": "its own"}, {"Dockerfile": "FROM docker.io/library/debian:trixie\n"}]
