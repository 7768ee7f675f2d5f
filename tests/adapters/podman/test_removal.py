"""A container that ends by itself just while it is removed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Engine
from airut.errors import EngineError

RACE = "cannot remove container 9df9: sending SIGKILL to container 9df9: container state improper: stopped"
"""As Podman 4.3 says it."""


class Answers(Engine):
    """An engine that answers removals like this; None is success."""

    def __init__(self, answers: Sequence[str | None]) -> None:
        super().__init__(Path("/nowhere"))
        self.left = list(answers)

    async def delete(self, path: str, what: str, **_: Any) -> None:
        assert (path, what) == ("/containers/one", "remove container one")
        if words := self.left.pop(0):
            raise EngineError(words)


async def test_it_is_removed_by_the_next_try() -> None:
    engine = Answers([RACE, None])
    await Containers(engine).remove("one")
    assert engine.left == []


@pytest.mark.parametrize("answers", [[RACE] * 3, ["device or resource busy", None]])
async def test_anything_else_is_said_at_once(answers: list[str | None]) -> None:
    with pytest.raises(EngineError):
        await Containers(Answers(answers)).remove("one")
