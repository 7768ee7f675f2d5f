"""Surrogates that leave unswapped are noticed, and nothing else happens to them."""

import pytest

from proxy.sightings import MAX_SEARCHED, Sightings
from tests.proxy.documents import aws, credential, entry, rules
from tests.proxy.fence import Fence
from tests.proxy.upstreams import Echo

TEXT = b"before surrogate-of-A after surrogate-of-A"


@pytest.mark.parametrize("cut", range(len(TEXT) + 1))
def test_however_it_is_cut_it_is_seen_once(cut: int) -> None:
    sightings = Sightings(["other", "surrogate-of-A"])
    assert [sightings.is_in(TEXT[:cut]), sightings.is_in(TEXT[cut:])].count(True) == 1


def test_only_the_beginning_is_searched() -> None:
    for size, seen in ((MAX_SEARCHED - 14, True), (MAX_SEARCHED - 13, False)):
        sightings = Sightings(["surrogate-of-A"])
        assert not sightings.is_in(b"x" * size)
        assert sightings.is_in(b"surrogate-of-A") is seen
    assert not Sightings().is_in(b"anything")


async def test_in_the_bodies_of_requests(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    await fence.use(
        rules(entry("api.test", ports=[port]), credentials=[credential("A", hosts=["x.test"])], aws=[aws()])
    )
    sent = [b"harmless", TEXT, b"surrogate/secret+surrogate/secret+surrog"]
    async with fence.client() as client:
        for body in sent:
            assert (await client.post(f"https://api.test:{port}/", content=body)).status_code == 200
    assert echo.bodies == sent
    assert [line.get("surrogate_in") for line in await fence.logged(3)] == [None, ["body"], ["body"]]
