"""Sandboxes of the product's own making, in the lab, in front of stand-ins."""

from collections.abc import AsyncIterator

import pytest

from airut.demo.internet import Internet
from tests.adapters.podman.conftest import (  # noqa: F401  # fixtures
    engine,
    image,
    images,
    podman,
    policies,
    proxy_image,
    root,
    sandboxes,
    settings,
    stage,
    state,
)
from tests.matrix.lab import serve


@pytest.fixture(scope="module")
async def internet(podman: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Internet]:  # noqa: F811
    internet = await serve(tmp_path_factory.mktemp("matrix"))
    yield internet
    await internet.reset()
