"""The adapters that single commands use for a moment: what most of them never load."""

import os
from collections.abc import Iterator
from pathlib import Path

from airut.adapters.claude_code.binary import ClaudeBinaries
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.output import OutputReader, Tampered
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.trees_unshared import UnsharedTrees
from airut.errors import AirutError


def agent_lines(folder: Path, offset: int, *, final: bool) -> Iterator[tuple[bytes, int]]:
    """What the agent of one sandbox wrote from `offset` on, in pieces of whole lines, each with the offset behind it.

    Raises:
        AirutError: the agent has changed what it wrote before.
    """
    try:
        with OutputReader(folder / "out", offset) as output:
            while (data := output.read(final=final)) is not None:
                if data:
                    yield data, output.offset
    except FileNotFoundError:
        return  # the sandbox has not begun to write
    except Tampered as error:
        raise AirutError(
            f"what the agent wrote to {folder / 'out'} was changed afterwards, so it is not shown"
        ) from error


def engine() -> Engine:
    """Podman of this user; to be closed by the caller."""
    return Engine()


def proxy_image(podman: Engine) -> ProxyImage:
    """What builds the proxy's image, before there is any configuration."""
    bundle = os.environ.get("AIRUT_BUILD_CA")
    return ProxyImage(podman, Path(bundle) if bundle else None)


def claude_binaries() -> ClaudeBinaries:
    """The cache of versions, for all installations of this user."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return ClaudeBinaries(cache / "airut" / "claude")


def trees() -> UnsharedTrees:
    """What removes folders in which agents have been."""
    return UnsharedTrees()
