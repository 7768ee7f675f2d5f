"""Podman is asked what it is once, and again when its configuration has changed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airut.adapters.podman.about import about, configuration
from airut.adapters.podman.engine import Engine, Json
from airut.errors import EngineError


class Counted(Engine):
    """The real one, on the socket that all use; what it says is remembered in a folder of the test."""

    def __init__(self, folder: Path, answer: Callable[[Any], Json] = lambda info: info) -> None:
        super().__init__(runtime=folder)
        (folder / "airut").mkdir(exist_ok=True)
        self._everyones = Engine()
        self._answer = answer
        self.asked = 0

    async def get(self, path: str, what: str, **options: Any) -> Json:
        self.asked += path == "/info"
        return self._answer(await self._everyones.get(path, what, **options))

    async def close(self) -> None:
        await self._everyones.close()
        await super().close()


@pytest.fixture(autouse=True)
def containers_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "containers" / "containers.conf"
    file.parent.mkdir()
    # With the store's own: a Podman without it makes a fresh store one of another kind, for all that come after.
    usual = Path(os.environ.get("XDG_CONFIG_HOME", "~/.config")).expanduser() / "containers" / "storage.conf"
    if usual.exists():
        shutil.copy(usual, file.parent)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return file


async def asked(folder: Path) -> int:
    """How often a process that begins now asks, and says the same each time."""
    engine = Counted(folder)
    info = await engine.get("/info", "say it")
    said = [await engine.about() for _ in range(2)]
    await engine.close()
    assert said == [about(info, said[0].of)] * 2
    assert said[0].store.is_dir()
    return engine.asked - 1


@pytest.mark.usefixtures("podman")
async def test_once_for_all_processes_until_the_configuration_changes(tmp_path: Path, containers_conf: Path) -> None:
    assert [await asked(tmp_path) for _ in range(2)] == [1, 0]
    containers_conf.write_text("[containers]\n")
    assert [await asked(tmp_path) for _ in range(2)] == [1, 0]
    (containers_conf.parent / "containers.conf.d").mkdir()
    (containers_conf.parent / "containers.conf.d" / "more.conf").write_text("[containers]\n")
    assert [await asked(tmp_path) for _ in range(2)] == [1, 0]


@pytest.mark.usefixtures("podman")
async def test_a_process_that_runs_sees_it_too(tmp_path: Path, containers_conf: Path) -> None:
    engine = Counted(tmp_path)
    await engine.about()
    containers_conf.write_text("[engine]\n")
    await engine.about()
    await engine.close()
    assert engine.asked == 2


@pytest.mark.usefixtures("podman")
@pytest.mark.parametrize("damage", ["", "{", '{"of": "x", "about": {}}', "[]"])
async def test_what_is_remembered_and_cannot_be_read_is_asked_again(tmp_path: Path, damage: str) -> None:
    await asked(tmp_path)
    file = tmp_path / "airut" / "podman.json"
    file.unlink()
    file.write_text(damage)
    assert [await asked(tmp_path) for _ in range(2)] == [1, 0]


@pytest.mark.usefixtures("podman")
async def test_where_nothing_can_be_remembered_it_is_asked_by_each(tmp_path: Path) -> None:
    (tmp_path / "airut" / "podman.json").mkdir(parents=True)
    assert [await asked(tmp_path) for _ in range(2)] == [1, 1]


@pytest.mark.usefixtures("podman")
@pytest.mark.parametrize("answer", [None, [], {"store": {}}, {"store": {"graphRoot": 3, "graphDriverName": "overlay"}}])
async def test_an_answer_that_is_none(tmp_path: Path, answer: Json) -> None:
    engine = Counted(tmp_path, lambda _: answer)
    with pytest.raises(EngineError, match="the engine's answer to /info is none that Podman gives"):
        await engine.about()
    await engine.close()


def test_another_socket_is_another_engine() -> None:
    assert configuration(None) == configuration(None) != configuration(Path("/run/x.sock"))
