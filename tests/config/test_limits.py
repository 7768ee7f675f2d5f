"""Limits of a sandbox: units, the word that takes one away, and what a small host has instead."""

import pytest
from pydantic import ValidationError

from airut.config.limits import HostSize, limits_on
from airut.config.schema import LimitSettings
from airut.models.sandbox import Limits

GIB = 1024**3
BIG, SMALL = HostSize(memory=64 * GIB, cpus=32), HostSize(memory=6 * GIB, cpus=2)


def limits(host: HostSize = BIG, **written: object) -> Limits:
    return limits_on(host, LimitSettings.model_validate(written))


def test_usual() -> None:
    usual = Limits(memory=8 * GIB, cpus=4, pids=1024, time=7200, idle=1800, disk=20 * GIB, output=512 * 1024**2)
    assert limits() == usual
    assert limits(SMALL) == usual.model_copy(update={"memory": 3 * GIB, "cpus": 2.0})
    assert limits(SMALL, memory="5g", cpus=3) == usual.model_copy(update={"memory": 5 * GIB, "cpus": 3.0})


@pytest.mark.parametrize(
    ("key", "written", "read"),
    [
        ("memory", "512m", 512 * 1024**2),
        ("memory", "1.5 GiB", 3 * GIB // 2),
        ("memory", "524288k", GIB // 2),
        ("time", "10s", 10),
        ("time", "5m", 300),
        ("time", "7d", 7 * 86400),
        ("idle", "1h", 3600),
        ("cpus", 0.5, 0.5),
        ("output", "1g", GIB),
        *((key, "unlimited", None) for key in ("memory", "cpus", "pids", "idle", "disk")),
    ],
)
def test_units(key: str, written: object, read: object) -> None:
    assert getattr(limits(BIG, **{key: written}), key) == read


@pytest.mark.parametrize(
    ("key", "written", "told"),
    [
        *((key, 0, "greater than") for key in ("memory", "cpus", "pids", "time", "idle", "disk")),
        *((key, None, "write unlimited") for key in ("memory", "cpus", "pids", "idle", "disk")),
        *((key, "none", "none") for key in ("memory", "cpus", "pids", "time", "idle", "disk", "output")),
        ("time", "unlimited", "'unlimited' is not a duration; write 30s, 5m, 2h or 7d"),
        ("time", "5s", "greater than or equal to 10"),
        ("time", "8d", "less than or equal to 604800"),
        ("memory", "8 apples", "'8 apples' is not a size; write 512k, 25m or 8g"),
        ("pids", 3, "greater than or equal to 16"),
    ],
)
def test_what_is_no_limit(key: str, written: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        limits(BIG, **{key: written})


def test_this_host_is_measured() -> None:
    here = HostSize.here()
    assert here.memory > 256 * 1024**2
    assert here.cpus >= 1
