"""Tools do their work through the fence, with the preset made for them and no check of certificates turned off.

`make test` has those of the base image; `make matrix` all of them (`AIRUT_MATRIX=all`), in an image of their own.
"""

import os

import pytest
from rich.console import Console

from airut.adapters.podman.images import PodmanImages
from airut.demo.internet import Internet
from tests.contract.sandbox import Stage
from tests.matrix.image import CONTAINER
from tests.matrix.lab import complaint, run, table
from tests.matrix.tools import TOOLS

ALL = os.environ.get("AIRUT_MATRIX") == "all"


@pytest.mark.timeout(900 if ALL else 300)
async def test_every_tool_works_and_nothing_is_refused(
    stage: Stage, images: PodmanImages, internet: Internet, capsys: pytest.CaptureFixture[str]
) -> None:
    if ALL:
        stage.image = await images.ensure("matrix", CONTAINER)
    only = os.environ.get("AIRUT_MATRIX_ONLY", "").split(",")
    tools = [tool for tool in TOOLS if (ALL or tool.base) and (only == [""] or tool.name in only)]
    outcomes = [await run(stage, tool) for tool in tools]
    with capsys.disabled():
        Console(width=120).print(table(outcomes))
    assert [complaint(outcome) for outcome in outcomes if not outcome.works] == []
