"""The repository's image, from the default branch."""

import tempfile
from pathlib import Path

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.models.outcome import TaskOutcome
from airut.models.task import ImageInput, ImageResult
from airut.models.workspace import TreeFile
from airut.ports.git import Mirror
from airut.ports.sandbox import Images

CONTAINER = ".airut/container"


class ImageBuilds:
    def __init__(self, mirror: Mirror, images: Images) -> None:
        self._mirror = mirror
        self._images = images

    @activity.defn
    async def build_image(self, order: ImageInput) -> ImageResult:
        with reported(TaskOutcome.IMAGE_FAILED):
            async with beating():
                files = await self._mirror.read_tree(order.repo, order.policy_commit, CONTAINER)
                if not files:
                    return ImageResult(tag=await self._images.ensure(order.repo, None))
                with tempfile.TemporaryDirectory(prefix="airut-image-") as folder:
                    _write(Path(folder), files)
                    return ImageResult(tag=await self._images.ensure(order.repo, Path(folder)))


def _write(folder: Path, files: tuple[TreeFile, ...]) -> None:
    """Lay a commit's tree out as files, with the modes that git knows."""
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(0o755 if file.mode & 0o111 else 0o644)
