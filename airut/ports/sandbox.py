"""Sandboxes and their images. One conformance suite (`tests/contract/sandbox.py`) runs over Podman and the fake."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.hosts.sandbox import OutputChunk, SandboxRef, SandboxSignal, SandboxSpec
from airut.models.hosts.sweep import OwnedSandbox


class Sandboxes(Protocol):
    """Every method is safe to call twice, and has a deadline of its own."""

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        """Make network, proxy and agent container, or return the ones that exist for this id and spec.

        The container runs detached: it outlives this process. A container of an older attempt of the same task is
        stopped first, so that two never run. A command that has begun is never begun again under its id: one that
        was cut off is adopted, and `follow` tells. Only a start that was itself cut off is made anew.

        Raises:
            PolicyInvalid: the repository's allowlist is wrong.
            ConfigError: an extra certificate file cannot be read.
            EngineUnavailable, ImageMissing, NameTaken, NetworkLost, NoSpace, NoAddresses, EngineError
        """
        ...

    def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        """Yield output from byte `offset` as it comes, in whole lines, and last a chunk with the exit status.

        While nothing comes, an empty chunk is yielded at least every second, so that a caller can heartbeat. Of a
        line of more than 16 MiB only the last byte and its newline come, at their offset: an unreadable line.

        Raises:
            NetworkLost: the proxy ended while the agent ran (the agent container has been killed).
            CutOff: the agent was ended from outside (a reboot, say), and neither by our KILL nor for a limit. All
                output that there is was yielded before. Whoever asks again is told the same.
            EngineError: among others when the container was removed.
            EngineUnavailable
        """
        ...

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        """Interrupt, kill, pause or thaw the agent container; one that has ended or is absent is fine.

        Raises:
            EngineUnavailable, EngineError
        """
        ...

    async def remove(self, sandbox_id: str) -> None:
        """Remove container, proxy, network and rules folder; what is absent is fine. Output files stay.

        Raises:
            EngineUnavailable, EngineError
        """
        ...


class Renewals(Protocol):
    async def renew(self, sandbox_id: str, credentials: tuple[AnySandboxCredential, ...]) -> None:
        """Give a running sandbox's proxy the values of now, by the credentials' names; the agent holds the same
        surrogates before and after. Requests in flight keep the old ones. A sandbox that is absent is fine.

        Raises:
            NoSpace, EngineError
        """
        ...


class Leftovers(Protocol):
    """What this installation has on this host, whoever made it. Things of others are neither seen nor touched."""

    async def owned(self) -> tuple[OwnedSandbox, ...]:
        """Every sandbox of which a container, a proxy, a network or a folder exists.

        Raises:
            EngineUnavailable, EngineError: nothing may be concluded from what was not seen.
        """
        ...

    async def remove_unclaimed(self) -> None:
        """Remove what dead processes left of things that belong to no sandbox yet. Raises: SandboxError"""
        ...


class Images(Protocol):
    async def ensure(self, repo: str, container: Path | None) -> str:
        """Return the tag of the image for this build folder (`.airut/container`, None = base image), building it
        when no image of the same content exists.

        Raises:
            ImageBuildFailed: a step of the Dockerfile failed; carries the end of the log.
            RegistryUnavailable: a base image could not be pulled for now.
            EngineUnavailable, NoSpace, EngineError
        """
        ...


class ImageUpkeep(Protocol):
    async def prune(self, keep_s: float, repos: tuple[str, ...]) -> tuple[str, ...]:
        """Remove images of ours that nothing has asked for since `keep_s` seconds, save the newest one of each of
        `repos`; and layers of ours that have no name. Return the names of those that went. One that a container
        uses never goes, nor does an image of others.

        Raises:
            EngineUnavailable, EngineError: the images could not be listed.
        """
        ...
