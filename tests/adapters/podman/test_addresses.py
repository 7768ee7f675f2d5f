"""Addresses are claimed by the engine's own create call: by many at once, and beside networks of others."""

import asyncio
import ipaddress
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from airut.adapters.podman.engine import Engine
from airut.adapters.podman.network import Networks, candidates, way_out
from airut.errors import EngineError, NameTaken, NoAddresses

USED = "create network {}: subnet {} is already used on the host or by another config"
"""As Podman 4.3 says it."""
LABELS = {"airut.installation": "airut-addresses"}


class Registry(Engine):
    """Networks as the engine keeps them: a create call claims a name and a subnet, or fails."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self.subnets: dict[str, ipaddress.IPv4Network] = {}

    async def post(self, path: str, what: str, **more: Any) -> Any:
        assert path == "/networks/create"
        await asyncio.sleep(0)  # others come in between; the engine holds a lock from here on
        name, subnet = more["body"]["name"], ipaddress.IPv4Network(more["body"]["subnets"][0]["subnet"])
        if name in self.subnets:
            raise NameTaken(f"{what}: network name {name} already used: network already exists")
        if any(subnet.overlaps(other) for other in self.subnets.values()):
            raise EngineError(USED.format(name, subnet))
        self.subnets[name] = subnet


async def test_three_hundred_at_once_have_three_hundred_subnets() -> None:
    engine = Registry()
    networks = Networks(engine, ipaddress.IPv4Network("10.199.0.0/16"))
    names = [f"airut-{secrets.token_hex(6)}" for _ in range(300)]
    claimed = await asyncio.gather(*(networks.create(name, {}, internal=True) for name in names))
    assert len({subnet.network for subnet in claimed}) == 300
    named = dict(zip(names, claimed, strict=True))
    inside = {name: subnet.inside for name, subnet in named.items()}
    assert engine.subnets == inside | {way_out(name): subnet.outside for name, subnet in named.items()}


async def test_two_installations_share_a_pool_to_its_last_subnet() -> None:
    engine, pool = Registry(), ipaddress.IPv4Network("10.199.0.0/20")
    one, other = Networks(engine, pool), Networks(engine, pool)
    for number in range(128):
        await asyncio.gather(
            one.create(f"one-{number}", {}, internal=True), other.create(f"other-{number}", {}, internal=True)
        )
    assert len(set(engine.subnets.values())) == 2 * 256
    with pytest.raises(NoAddresses, match=r"every /28 of 10\.199\.0\.0/20 is in use \(sandbox\.network\.pool\)"):
        await one.create("one-more", {}, internal=True)


async def test_the_engine_gives_no_subnet_twice(engine: Engine) -> None:
    networks = Networks(engine, ipaddress.IPv4Network("10.202.0.0/24"))
    names = [f"airut-at-once-{number}" for number in range(12)]
    try:
        claimed = await asyncio.gather(*(networks.create(name, LABELS, internal=True) for name in names))
        assert len({subnet.network for subnet in claimed}) == 12
    finally:
        await asyncio.gather(*map(networks.remove, names))


@pytest.fixture
async def small(engine: Engine) -> AsyncIterator[Networks]:
    """A pool of two, in the real engine."""
    networks = Networks(engine, ipaddress.IPv4Network("10.201.0.0/27"))
    yield networks
    for name in ("airut-a1", "airut-a2", "airut-a3", "foreign"):
        await networks.remove(name)


async def foreign(engine: Engine, subnet: ipaddress.IPv4Network) -> None:
    """A network that somebody else has made."""
    body = {"name": "foreign", "driver": "bridge", "subnets": [{"subnet": str(subnet)}]}
    await engine.post("/networks/create", "create a network of somebody else", body=body)


async def test_a_full_pool_says_so_and_has_room_again(small: Networks) -> None:
    first = await small.create("airut-a1", LABELS, internal=True)
    second = await small.create("airut-a2", LABELS, internal=True)
    assert {str(first.network), str(second.network)} == {"10.201.0.0/28", "10.201.0.16/28"}
    with pytest.raises(NoAddresses, match=r"every /28 of 10\.201\.0\.0/27 is in use"):
        await small.create("airut-a3", LABELS, internal=True)
    await small.remove("airut-a1")
    assert await small.create("airut-a3", LABELS, internal=True) == first


@pytest.mark.parametrize("part", ["inside", "outside"])
async def test_a_foreign_network_in_the_pool_is_passed_over(small: Networks, engine: Engine, part: str) -> None:
    wanted, next_one = candidates(ipaddress.IPv4Network("10.201.0.0/27"), "airut-a1")
    await foreign(engine, getattr(wanted, part))  # a part of it is enough
    assert await small.create("airut-a1", LABELS, internal=True) == next_one
    assert await small.labelled("airut.installation=airut-addresses") == [LABELS] * 2


async def test_a_network_that_was_left_behind_keeps_its_name(small: Networks) -> None:
    """A start removes what an earlier one of the same sandbox has left, and then makes its own."""
    left = await small.create("airut-a1", LABELS, internal=True)
    with pytest.raises(NameTaken):
        await small.create("airut-a1", LABELS, internal=True)
    await small.remove("airut-a1")
    assert await small.create("airut-a1", LABELS, internal=True) == left
