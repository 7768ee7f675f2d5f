"""Events of what changes: none is missed, whoever comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from airut.config.dashboard_settings import DashboardSettings
from airut.dashboard import live
from airut.dashboard.app import create_app
from airut.dashboard.live import COMING_BACK, STREAMS_MOST, Hub, TooManyStreams, UnknownTopic
from airut.dashboard.topics import sources
from airut.demo.ports import free_port
from airut.ports.thread_directory import DirectoryUnavailable
from tests.support.dashboard import Served
from workers.dashboard import serve_app


class Things:
    """What the sources tell; None is a server that is away."""

    def __init__(self) -> None:
        self.looks: dict[str, str | None] = {"a": "1", "b": "1"}
        self.hub = Hub({"thing": self.look}, every=0.01, heartbeat=0.2)

    async def look(self, name: str) -> str:
        if (found := self.looks[name]) is None:
            raise DirectoryUnavailable("away")
        return found

    @asynccontextmanager
    async def reader(self, after: str, *topics: str) -> AsyncIterator["Reader"]:
        subscription = self.hub.subscribe(topics or ("thing:a",), after)
        events = subscription.events()
        try:
            yield Reader(events)
        finally:
            await events.aclose()
            subscription.close()


class Reader:
    def __init__(self, events: AsyncIterator[bytes]) -> None:
        self._events = events
        self.last = ""

    async def topics(self) -> list[str]:
        """Of the next events that are any."""
        async with asyncio.timeout(60):
            async for piece in self._events:
                lines = piece.decode().splitlines()
                if found := [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]:
                    self.last = [line for line in lines if line.startswith("id: ")][-1].removeprefix("id: ")
                    return found
        raise AssertionError("the stream has ended")


@pytest.fixture
async def things() -> AsyncIterator[Things]:
    made = Things()
    yield made
    made.hub.close()


async def test_only_what_is_watched_is_told(things: Things) -> None:
    async with things.reader(things.hub.now) as one, things.reader(things.hub.now, "thing:b") as other:
        assert await one.topics() == ["thing:a"]  # the first look: the page may be older
        assert await other.topics() == ["thing:b"]
        things.looks["b"] = "2"
        assert await other.topics() == ["thing:b"]
        things.looks["a"] = "2"
        assert await one.topics() == ["thing:a"]


async def test_whoever_was_away_is_told_of_what_changed_meanwhile(things: Things) -> None:
    async with things.reader(things.hub.now) as one:
        await one.topics()
    things.looks["a"] = "2"
    await asyncio.sleep(0.1)
    async with things.reader(one.last) as again:
        assert await again.topics() == ["thing:a"]
        things.looks["a"] = "3"
        assert await again.topics() == ["thing:a"]


async def test_nothing_is_told_twice(things: Things) -> None:
    async with things.reader(things.hub.now) as one:
        await one.topics()
        async with things.reader(one.last) as again:
            things.looks["a"] = "2"
            assert await again.topics() == ["thing:a"]
            pieces = [await anext(again._events) for _ in range(2)]
    assert pieces == [b": still here\n\n"] * 2


@pytest.mark.parametrize("after", ["", "0-0", "another process-17", "x"])
async def test_another_processs_events_say_nothing_here(things: Things, after: str) -> None:
    async with things.reader(after, "thing:a", "thing:b") as one:
        assert await one.topics() == ["thing:a", "thing:b"]


async def test_what_is_no_longer_kept_counts_as_changed(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    async with things.reader(things.hub.now) as one:
        await one.topics()
        old = one.last
        monkeypatch.setattr(live, "KEPT", 3)
        things.hub._changes = type(things.hub._changes)(things.hub._changes, maxlen=3)
        for number in range(5):
            things.looks["a"] = f"again {number}"
            await one.topics()
    async with things.reader(old, "thing:a", "thing:b") as again:
        assert await again.topics() == ["thing:a", "thing:b"]


async def test_a_server_that_goes_away_and_comes_back_is_a_change_each(things: Things) -> None:
    async with things.reader(things.hub.now) as one:
        await one.topics()
        things.looks["a"] = None
        assert await one.topics() == ["thing:a"]
        things.looks["a"] = "1"
        assert await one.topics() == ["thing:a"]


async def test_topics_that_are_none_are_refused(things: Things) -> None:
    for topics in ((), ("other:a",), ("thing:a\nid: 1",), ("thing:a",) * 11):
        with pytest.raises(UnknownTopic):
            things.hub.subscribe(topics, "")


async def test_there_are_so_many_streams_and_no_more(things: Things) -> None:
    open_ones = [things.hub.subscribe(("thing:a",), "") for _ in range(STREAMS_MOST)]
    with pytest.raises(TooManyStreams):
        things.hub.subscribe(("thing:a",), "")
    for each in open_ones:
        each.close()
        each.close()
    things.hub.subscribe(("thing:a",), "").close()


async def test_so_many_things_are_looked_at_and_no_more(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "WATCHES_MOST", 2)
    things.looks["c"] = "1"
    assert await things.hub.state(("thing:a", "thing:b")) == "1\n1"
    with pytest.raises(TooManyStreams):
        await things.hub.state(("thing:c",))
    with pytest.raises(TooManyStreams):
        things.hub.subscribe(("thing:c",), "")
    assert await things.hub.state(("thing:b",)) == "1"


async def test_over_a_socket_a_stream_ends_with_its_browser_and_with_the_process(tmp_path: Path) -> None:
    settings = DashboardSettings(port=free_port())
    served = Served.at(tmp_path)
    ports, stop = served.ports(), asyncio.Event()
    hub = Hub(sources(ports), every=0.02)
    serving = asyncio.create_task(serve_app(create_app(ports, live=hub), settings, stop, hub))
    async with httpx.AsyncClient(base_url=settings.address, timeout=60) as browser:
        async with asyncio.timeout(60):
            while not await _answers(browser):
                await asyncio.sleep(0.05)
            async with browser.stream("GET", "/events?topics=threads") as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                pieces = stream.aiter_bytes()
                assert (await anext(pieces)).startswith(COMING_BACK)
                assert hub._streams == 1
            while hub._streams:
                await asyncio.sleep(0.02)
            tag = (await browser.get("/events/state?topics=threads")).headers["etag"]
            same = await browser.get("/events/state?topics=threads", headers={"If-None-Match": tag})
            served.threads.away = "gone"
            other = same
            while other.status_code == 304:
                await asyncio.sleep(0.02)
                other = await browser.get("/events/state?topics=threads", headers={"If-None-Match": tag})
            assert (same.status_code, other.status_code) == (304, 204)
            for path in ("/events", "/events?topics=nothing", "/events/state?topics=nothing"):
                assert (await browser.get(path)).json()["detail"] == "There is no such topic."
            held = [hub.subscribe(("threads",), "") for _ in range(STREAMS_MOST)]
            full = await browser.get("/events?topics=threads")
            assert (full.status_code, full.headers["retry-after"]) == (503, "10")
            for each in held:
                each.close()
            async with browser.stream("GET", "/events?topics=threads") as stream:
                stop.set()
                assert b"".join([piece async for piece in stream.aiter_bytes()]).startswith(COMING_BACK)
            await serving


async def _answers(browser: httpx.AsyncClient) -> bool:
    try:
        return (await browser.get("/about")).status_code == 200
    except httpx.ConnectError:
        return False
