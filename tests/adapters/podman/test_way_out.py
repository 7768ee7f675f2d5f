"""The way out of one proxy is no other's: what goes on beside it never costs it a packet (ADR 0033)."""

import asyncio

from airut.adapters.podman.engine import Engine
from airut.models.hosts.sandbox import NetworkSpec, SandboxRef
from tests.contract.sandbox import Stage

ASKS = """
until [ -e /workspace/enough ]; do
    curl -s -m 60 -o /dev/null -w '%{http_code} %{time_total}\\n' https://www.example.com/ || echo failed
    sleep 0.1
done
"""
BESIDE = 6
"""Other sandboxes, one after the other. On one bridge for all, its hardware address stays what it is through them once in
seven times."""
LONGEST = 10.0
"""Seconds for an answer. It takes a tenth of one; where packets are lost until the address is asked for again, fifteen at
least, and mostly a minute."""


async def networks_of(engine: Engine, ref: SandboxRef) -> set[str]:
    found = await engine.get(f"/containers/airut-proxy-{ref.sandbox_id}/json", "inspect a proxy")
    return set(found["NetworkSettings"]["Networks"])


async def test_sandboxes_that_come_and_go_cost_a_running_one_nothing(
    stage: Stage, engine: Engine, allowed: NetworkSpec
) -> None:
    spec = stage.spec(ASKS, network=allowed)
    ref = await stage.sandboxes.start(spec)
    following = asyncio.create_task(stage.rest(ref))
    mine = await networks_of(engine, ref)
    assert len(mine) == 2
    for _ in range(BESIDE):
        async with stage.running("echo ready; sleep 60") as beside:
            assert await networks_of(engine, beside) & mine == set()
    (next(mount.source for mount in spec.mounts if mount.target == "/workspace") / "enough").touch()
    output, _ = await following
    answers = [line.split() for line in output.decode().splitlines()]
    assert len(answers) > 2 * BESIDE
    assert {code for code, *_ in answers} == {"200"}
    assert max(float(seconds) for _, seconds in answers) < LONGEST
