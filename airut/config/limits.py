"""The limits of a sandbox on this host: what `airut.yaml` says, or no more than the host has."""

import os
from typing import Self

from airut.config.limit_settings import SandboxLimitSettings
from airut.models.base import Model
from airut.models.hosts.sandbox import Limits


class HostSize(Model):
    """Memory in bytes."""

    memory: int
    cpus: int

    @classmethod
    def here(cls) -> Self:
        return cls(memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), cpus=os.cpu_count() or 1)


def limits_on(host: HostSize, settings: SandboxLimitSettings) -> Limits:
    """A limit that is not set is half of the host's memory and all of its CPUs, where that is less."""
    memory, cpus = settings.memory, settings.cpus
    if "memory" not in settings.model_fields_set and memory is not None:
        memory = min(memory, host.memory // 2)
    if "cpus" not in settings.model_fields_set and cpus is not None:
        cpus = min(cpus, float(host.cpus))
    return Limits(
        memory=memory,
        cpus=cpus,
        pids=settings.pids,
        time=settings.time,
        idle=settings.idle,
        output=settings.output,
        disk=settings.disk,
    )
