"""`scripts/as-airut --images python -m tests.matrix.image`: the image with the matrix's tools, made once.

Needs the real network, and the image store that every lab run starts from.
"""

import asyncio
import os
from pathlib import Path

from airut.adapters.ca import load_or_create_root
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.images import PodmanImages

CONTAINER = Path(__file__).parent / "container"
CA = Path.home() / ".cache" / "airut" / "tests-ca"
"""The tests' authority, which is part of the image."""


def images(engine: Engine) -> PodmanImages:
    build_ca = os.environ.get("AIRUT_BUILD_CA")
    return PodmanImages(engine, load_or_create_root(CA).certificate_pem, Path(build_ca) if build_ca else None)


async def ensure() -> str:
    engine = Engine()
    try:
        return await images(engine).ensure("matrix", CONTAINER)
    finally:
        await engine.close()


if __name__ == "__main__":
    print(asyncio.run(ensure()))
