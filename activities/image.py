"""The repository's image, from the default branch."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.errors import AirutError
from airut.models.base import Model
from airut.models.hosts.workspace import TreeFile
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.steps import ImageInput, ImageResult
from airut.ports.git import Mirror
from airut.ports.sandbox import Images

TRIES_MOST = 3
"""Of a build that fails for the engine, the mirror or a registry: a hiccup is over by then (spec: lifecycle §10). A
worker that dies in the middle of one does not count, so that Temporal's own count of attempts is of no use."""


class ImageBuilds:
    def __init__(
        self, mirror: Mirror, images: Images, folder: Callable[[str], str], base: Callable[[str], str | None]
    ) -> None:
        """`folder` says where in a repository its image is built from, `base` which image one without that folder has;
        None is the host's own."""
        self._mirror = mirror
        self._images = images
        self._folder = folder
        self._base = base

    @activity.defn
    async def build_image(self, order: ImageInput) -> ImageResult:
        failed = _failed_before()
        last = failed + 1 >= TRIES_MOST
        with reported(TaskOutcome.IMAGE_FAILED, final=(AirutError,) if last else ()):
            try:
                async with beating(_Tries(failed=failed).model_dump()):
                    return ImageResult(tag=await self._tag(order))
            except AirutError:
                activity.heartbeat(_Tries(failed=failed + 1).model_dump())
                raise

    async def _tag(self, order: ImageInput) -> str:
        files = await self._mirror.read_tree(order.repo, order.policy_commit, self._folder(order.repo))
        base = self._base(order.repo)
        if not files and base is None:
            return await self._images.ensure(order.repo, None)
        if not files:
            files = (TreeFile(path="Dockerfile", mode=0o100644, content=f"FROM {base}\n".encode()),)
        with tempfile.TemporaryDirectory(prefix="airut-image-") as folder:
            _write(Path(folder), files)
            return await self._images.ensure(order.repo, Path(folder))


class _Tries(Model):
    """What one attempt tells the next."""

    failed: int = 0


def _failed_before() -> int:
    """As the heartbeat of an earlier attempt told. Of one that nobody recorded, a build is only tried once more."""
    for details in activity.info().heartbeat_details:
        if isinstance(details, dict):
            return _Tries.model_validate(details).failed
    return 0


def _write(folder: Path, files: tuple[TreeFile, ...]) -> None:
    """Lay a commit's tree out as files, with the modes that git knows."""
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.mode & 0o111 else 0o644)
