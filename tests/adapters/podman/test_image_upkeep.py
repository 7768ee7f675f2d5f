"""Images that nobody asks for go; those of others, those in use and those that are wanted stay."""

import os
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.podman.build import Build, build
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.context import ContextFile
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.image_upkeep import PodmanImageUpkeep, is_on, leaving
from airut.adapters.podman.marks import Marks
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.podman.sources import BASE
from airut.adapters.podman.store import ImageStore

DAY = 86400.0


def test_the_newest_of_each_wanted_name_stays() -> None:
    ours = "localhost/airut/"
    used = {f"{ours}web:old": 1.0, f"{ours}web:new": 2.0, f"{ours}api:old": 1.0, f"{ours}api:young": 9.0}
    assert leaving(used, 5.0, ("web",)) == (f"{ours}api:old", f"{ours}web:old")
    assert leaving(used, 0.5, ()) == ()
    assert leaving(used, 99.0, ("api", "web")) == (f"{ours}api:old", f"{ours}web:old")


def test_what_stands_on_what() -> None:
    assert is_on(["a", "b", "c"], [["x"], ["a", "b"]])
    assert not is_on(["a"], [["a", "b"]])
    assert not is_on(["a"], [[]])


class Store:
    """Images of one base, each with a label of its own."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.marks = Marks(folder)
        self.folder = folder
        self.upkeep = PodmanImageUpkeep(engine, self.marks)
        self.images = ImageStore(engine)
        self.made: list[str] = []
        self.run = secrets.token_hex(4)

    async def make(self, name: str, age: float | None) -> str:
        tag = f"localhost/airut/{name}-{self.run}:{secrets.token_hex(4)}"
        text = f"ARG BASE\nFROM $BASE\nLABEL x={secrets.token_hex(8)}\n".encode()
        file = ContextFile("Dockerfile", 0o644, text)
        await build(self.engine, Build("a test's image", tag, (file,), {"BASE": BASE}, online=False))
        self.made.append(tag)
        if age is not None:
            self.marks.use(tag)
            then = time.time() - age
            os.utime(self.folder / tag.removeprefix("localhost/airut/"), (then, then))
        return tag

    async def left(self) -> list[str]:
        return [tag for tag in self.made if await self.images.exists(tag)]


@pytest.fixture
async def store(engine: Engine, image: str, tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(engine, tmp_path / "marks")
    yield store
    for tag in store.made:
        await engine.delete(f"/images/{tag}", "clean up", params={"force": True})


async def test_prune(store: Store, engine: Engine) -> None:
    stale = await store.make("api", 8 * DAY)
    others = await store.make("theirs", None)
    young = await store.make("api", 1 * DAY)
    wanted = await store.make("web", 30 * DAY)
    used = await store.make("busy", 8 * DAY)
    containers, name = Containers(engine), f"airut-test-{store.run}"
    await containers.create(name, {"image": used, "command": ["true"]})
    try:
        removed = await store.upkeep.prune(7 * DAY, (f"web-{store.run}",))
        assert [tag for tag in removed if store.run in tag] == [stale]
        assert await store.left() == [others, young, wanted, used]
    finally:
        await containers.remove(name)
    removed = await store.upkeep.prune(7 * DAY, ())
    assert sorted(tag for tag in removed if store.run in tag) == sorted([wanted, used])
    assert store.marks.used(wanted) is None
    assert await store.images.exists(BASE)


async def test_what_is_asked_for_is_marked(engine: Engine, image: str, tmp_path: Path) -> None:
    marks = Marks(tmp_path / "marks")
    tag = await ProxyImage(engine, marks=marks).ensure()
    at = marks.used(tag)
    assert at is not None
    assert time.time() - at < 60
    assert len(list((tmp_path / "marks").iterdir())) == 2
    removed = await PodmanImageUpkeep(engine, marks).prune(0.0, ())
    assert [name for name in removed if "/" in name] == []  # the machine may have nameless ones
    assert await ImageStore(engine).exists(tag)


async def test_what_lost_its_name_goes_when_it_stands_on_our_base(store: Store, engine: Engine) -> None:
    tag = await store.make("web", 0.0)
    first = await store.images.id(tag)
    file = ContextFile("Dockerfile", 0o644, f"ARG BASE\nFROM $BASE\nLABEL y={store.run}\n".encode())
    await build(engine, Build("a test's image", tag, (file,), {"BASE": BASE}, online=False))
    assert first is not None
    assert await store.images.id(first) is not None
    await store.upkeep.prune(3600.0, ())
    assert await store.images.id(first) is not None  # it could be a step of a build that is under way
    removed = await store.upkeep.prune(-60.0, (f"web-{store.run}",))
    assert first.removeprefix("sha256:")[:12] in removed
    assert await store.images.id(first) is None
    assert await store.images.exists(tag)
