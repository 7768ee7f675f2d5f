"""What running sandboxes hold adds up, and goes when they go."""

from pathlib import Path

import pytest

from airut.adapters.telemetry import cgroup
from airut.adapters.telemetry.cgroup import Held, Sampler, container_group, held
from airut.models.telemetry.metrics import Metric
from airut.models.telemetry.spans import Span


class Told:
    """Implements `airut.ports.telemetry.Telemetry`."""

    enabled = False

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []

    def span(self, span: Span) -> None:
        raise NotImplementedError

    def record(self, metric: Metric, value: float, **labels: str) -> None:
        assert labels == {"host": "h1"}
        self.told.append((metric.name, value))


def group(folder: Path, memory: int | None, cpu: int) -> Path:
    (folder / "cpu.stat").write_text(f"usage_usec {cpu}\nuser_usec 1\n")
    if memory is not None:
        (folder / "memory.current").write_text(f"{memory}\n")
    return folder


async def test_it_is_told_as_it_changes_and_given_back_at_the_end(tmp_path: Path) -> None:
    told = Told()
    group(tmp_path, 100, 1_000_000)

    async def find(name: str) -> Path | None:
        return tmp_path if name == "airut-x" else None

    sampler = Sampler("airut-x", find, told, "h1")
    await sampler.look()
    await sampler.look()  # too soon to look again
    sampler.close()
    assert told.told == [("airut.sandbox.memory", 100.0), ("airut.sandbox.cpu", 1.0), ("airut.sandbox.memory", -100.0)]
    other = Sampler("airut-gone", find, told, "h1")
    await other.look()
    other.close()
    assert len(told.told) == 3


def test_what_a_group_says(tmp_path: Path) -> None:
    assert held(tmp_path) is None
    assert held(group(tmp_path, None, 2_500_000)) == Held(memory=0.0, cpu=2.5)
    assert held(group(tmp_path, 7, 2_500_000)) == Held(memory=7.0, cpu=2.5)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("0::/user.slice/u.scope/libpod-ab12.scope/container\n", "user.slice/u.scope/libpod-ab12.scope"),
        ("4:memory:/x\n0::/airut-1/ctr/libpod-ab12\n", "airut-1/ctr/libpod-ab12"),
        ("0::/user.slice\n", None),
        ("4:memory:/libpod-ab12\n", None),
    ],
)
def test_the_group_of_a_container(path: str, found: str | None) -> None:
    assert cgroup.in_container(path) == (cgroup.ROOT / found if found else None)


def test_a_process_that_is_gone_has_none() -> None:
    assert container_group(2**30) is None
