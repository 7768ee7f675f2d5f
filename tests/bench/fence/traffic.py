"""Requests, downloads and events through each lane, in turns."""

import statistics
from collections import defaultdict
from collections.abc import Sequence

from rich.table import Table

from tests.bench.fence.figures import Row, percentile, table
from tests.bench.fence.lanes import LANES, Ground, Lanes

ROUNDS = 30  # short ones, so that what else the machine does hits all lanes alike
KEPT, FRESH = 20, 6  # requests in each round: on one connection, and with a connection each
EVENTS, INTERVAL = 20, 0.02
QUERIES = 1000  # a second
MIB = 1024**2
GIB = 1024 * MIB
AIM = 1.3  # × mitmdump

type Seconds = dict[str, list[float]]


async def measure_traffic(ground: Ground, *, short: bool) -> Table:
    rounds, size = (6, GIB // 8) if short else (ROUNDS, GIB)
    async with ground.lanes() as lanes:
        for lane in LANES:
            await lanes.ask(lane, "requests", protocol="http/1.1", fresh=True, count=20)  # all is loaded and connected
        idle = {lane: await lanes.use(lane) for lane in LANES}
        rows: list[Row] = []
        for protocol in ("http/1.1", "h2"):
            for fresh in (False, True):
                rows += await _requests(lanes, protocol, fresh=fresh, rounds=rounds)
        rows += await _events(lanes, rounds)
        after = {lane: await lanes.use(lane) for lane in LANES}
        for kind, streams, bytes_ in (("bytes", 1, size), ("bytes", 8, size), ("text", 1, size // 4)):
            rows += await _download(lanes, kind, streams, bytes_)
        most = {lane: await lanes.use(lane) for lane in LANES}
        rows += await _names(lanes, 3 if short else 10)
    for name, uses in (("memory when idle", idle), ("memory after the requests", after)):
        rows.append(_row(name, "MiB", {lane: use.now / MIB for lane, use in uses.items()}))
    rows.append(_row("memory at most, downloads included", "MiB", {lane: use.most / MIB for lane, use in most.items()}))
    return table(f"{rounds} rounds, downloads of {size // MIB} MiB", rows)


async def _requests(lanes: Lanes, protocol: str, *, fresh: bool, rounds: int) -> Sequence[Row]:
    seconds: Seconds = defaultdict(list)
    cpu: dict[str, float] = defaultdict(float)
    for _ in range(rounds):
        for lane in LANES:
            before = await lanes.use(lane)
            count = FRESH if fresh else KEPT
            seconds[lane] += await lanes.ask(lane, "requests", protocol=protocol, fresh=fresh, count=count)
            cpu[lane] += (await lanes.use(lane)).cpu - before.cpu
    name = f"{protocol}, {'a new connection' if fresh else 'keep-alive'}"
    medians = {lane: 1000 * statistics.median(values) for lane, values in seconds.items()}
    return (
        _row(f"{name}: p50", "ms", medians, aim=AIM),
        _row("  p99", "ms", {lane: 1000 * percentile(values, 99) for lane, values in seconds.items()}),
        _row("  CPU of the proxy", "ms", {lane: 1000 * cpu[lane] / len(seconds[lane]) for lane in LANES}),
    )


async def _events(lanes: Lanes, rounds: int) -> Sequence[Row]:
    first: Seconds = defaultdict(list)
    later: Seconds = defaultdict(list)
    for _ in range(rounds):
        for lane in LANES:
            taken = await lanes.ask(lane, "events", count=EVENTS, interval=INTERVAL)
            first[lane].append(taken[0])
            later[lane] += taken[1:]
    return (
        _row("events: to the first, new connection", "ms", {k: 1000 * statistics.median(v) for k, v in first.items()}),
        _row("  each later one: p50", "ms", {k: 1000 * statistics.median(v) for k, v in later.items()}),
        _row("  p99", "ms", {k: 1000 * percentile(v, 99) for k, v in later.items()}),
    )


async def _names(lanes: Lanes, seconds: int) -> Sequence[Row]:
    """Of the fence alone: the other lanes have no name server."""
    before = await lanes.use("fence")
    taken = await lanes.ask("fence", "names", rate=QUERIES, seconds=seconds)
    cpu = (await lanes.use("fence")).cpu - before.cpu
    asked = QUERIES * seconds
    return (
        Row(f"{asked} look-ups, {QUERIES} a second: p99", "ms", None, None, 1000 * percentile(taken, 99)),
        Row("  not answered", "%", None, None, 100 * (1 - len(taken) / asked)),
        Row("  CPU of the proxy", "ms", None, None, 1000 * cpu / asked),
    )


async def _download(lanes: Lanes, kind: str, streams: int, size: int) -> Sequence[Row]:
    """The faster of two turns: what else the machine does can only make one slower."""
    speeds: dict[str, float] = defaultdict(float)
    cpu: dict[str, float] = defaultdict(float)
    for _ in range(2):
        for lane in LANES:
            before = await lanes.use(lane)
            seconds = await lanes.ask(lane, "download", kind=kind, streams=streams, size=size)
            cpu[lane] += (await lanes.use(lane)).cpu - before.cpu
            speeds[lane] = max(speeds[lane], size / MIB / seconds)
    what = "a text that is searched" if kind == "text" else "a download"
    return (
        _row(f"{what}, {streams} stream{'s' if streams > 1 else ''}", "MiB/s", speeds),
        _row("  CPU of the proxy", "s/GiB", {lane: cpu[lane] / (2 * size / GIB) for lane in LANES}),
    )


def _row(name: str, unit: str, values: dict[str, float], aim: float | None = None) -> Row:
    direct, mitmdump, fence = (values[lane] for lane in LANES)
    return Row(name, unit, direct or None, mitmdump, fence, aim)
