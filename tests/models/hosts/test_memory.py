"""How much memory a host has left."""

import pytest

from airut.models.hosts.memory import HostMemory

MEMINFO = "MemTotal:       16777216 kB\nMemFree:          204800 kB\nMemAvailable:   {} kB\nHugePages_Total:       0\n"


@pytest.mark.parametrize(("available", "low"), [(8388608, False), (1677722, False), (1677721, True), (0, True)])
def test_it_is_low_below_a_tenth(available: int, low: bool) -> None:
    memory = HostMemory.of(MEMINFO.format(available))
    assert memory == HostMemory(total=16 * 1024**3, available=available * 1024)
    assert memory.is_low is low


def test_it_is_told_in_words() -> None:
    assert HostMemory.of(MEMINFO.format(1048576)).in_words() == "1024 of 16384 MiB of memory are left"


@pytest.mark.parametrize("text", ["", "MemTotal: 1 kB\n", "MemTotal: many kB\nMemAvailable: 1 kB\n"])
def test_something_else_is_refused(text: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        HostMemory.of(text)
