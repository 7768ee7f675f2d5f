"""Limits of a sandbox: units, the word that takes one away, what a small host has instead, and a repository's own."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from airut.config.builds import ConfiguredBuilds
from airut.config.limit_settings import LimitSettings
from airut.config.limits import HostSize, limits_on
from airut.config.repositories import ConfiguredRepositories
from airut.config.schema import Config
from airut.config.terms import terms
from airut.models.hosts.sandbox import Limits
from airut.models.threads.message import Hints

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


REPO = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}},
    "agent": {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}},
}


def configured(everywhere: dict[str, object], own: dict[str, object]) -> Config:
    repos = {"web": {**REPO, "limits": own}, "api": REPO}
    return Config.model_validate({"config_version": 1, "limits": everywhere, "repos": repos})


@pytest.mark.parametrize(
    ("everywhere", "own", "written"),
    [
        ({}, {}, {}),
        ({"memory": "3g", "pids": 77}, {}, {"memory": "3g", "pids": 77}),
        ({"memory": "3g", "pids": 77}, {"memory": "32m"}, {"memory": "32m", "pids": 77}),
        ({"disk": "1g", "time": "1h"}, {"disk": "unlimited", "time": "1d"}, {"disk": "unlimited", "time": "1d"}),
        # What is the default elsewhere is the repository's own word here, and no host is too small for it.
        ({"memory": "3g", "cpus": 1}, {"memory": "8g", "cpus": 4}, {"memory": "8g", "cpus": 4}),
        ({}, {"memory": "8g", "cpus": 4}, {"memory": "8g", "cpus": 4}),
        (
            {"host_sandboxes": 3, "enforce": "best_effort"},
            {"idle": "5m", "output": "1m"},
            {"idle": "5m", "output": "1m"},
        ),
    ],
)
def test_a_repositorys_sandboxes_and_builds_have_its_own_limits_over_the_global_ones(
    everywhere: dict[str, object], own: dict[str, object], written: dict[str, object]
) -> None:
    config = configured(everywhere, own)
    repositories = ConfiguredRepositories(config, b"k" * 32, lambda _: Path("/claude"))
    expected = limits(HostSize.here(), **written)
    others = limits(HostSize.here(), **everywhere)
    assert (repositories.limits("web"), repositories.limits("api")) == (expected, others)
    assert (ConfiguredBuilds(config).of("web").limits, ConfiguredBuilds(config).of("api").limits) == (expected, others)
    told = [found.time_s for name in ("web", "api") if (found := terms(config, name, Hints()))]
    assert told == [expected.time, others.time]


@pytest.mark.parametrize("key", ["host_sandboxes", "enforce"])
def test_what_is_the_hosts_is_no_repositorys(key: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        configured({}, {key: 3})


def test_this_host_is_measured() -> None:
    here = HostSize.here()
    assert here.memory > 256 * 1024**2
    assert here.cpus >= 1
