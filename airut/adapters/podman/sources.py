"""What of ours goes into images, and the base image that they stand on."""

from pathlib import Path

from airut.adapters.podman.context import ContextFile
from airut.adapters.podman.store import ImageStore
from airut.errors import ImageMissing

BASE = "localhost/airut/base:latest"
SOURCES = Path(__file__).parent / "images"


async def base_image(store: ImageStore) -> str:
    """Its id. Raises: ImageMissing, EngineUnavailable, EngineError"""
    base = await store.id(BASE)
    if base is None:
        raise ImageMissing("there is no base image on this host: run `airut image base`")
    return base


def sources(name: str) -> tuple[ContextFile, ...]:
    """The files of one of our images."""
    files = sorted(path for path in (SOURCES / name).iterdir() if path.is_file())
    return tuple(ContextFile(path.name, 0o644, path.read_bytes()) for path in files)
