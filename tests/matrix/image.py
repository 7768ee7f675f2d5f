"""`scripts/as-airut --images python -m tests.matrix.image`: the image with the matrix's tools, made once.

Needs the real network, and the image store that every lab run starts from. The build is fenced like any repository's: what
it fetches is what builds may fetch anyway, and this host's own Debian archive.
"""

import asyncio
import ipaddress
import json
import os
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from airut.adapters.ca import load_or_create_root
from airut.adapters.podman.base_image import APT, DEFAULT_MIRROR, find_mirror
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.errors import ImageBuildFailed
from airut.models.hosts.build import ALLOWLIST_KEY, BUILD_PRESETS, BuildPolicy
from airut.models.hosts.sandbox import Limits, NetworkSpec
from tests.support.podman_images import ROOT, podman_images

HOSTS = ("deb.debian.org", "pypi.org", "files.pythonhosted.org", "registry.npmjs.org")
CONTAINER = Path(__file__).parent / "container"


def private_addresses(host: str) -> list[str]:
    """Where a company's own archive stands in for the public one; the proxy goes there only if it is told to."""
    found = {ipaddress.ip_address(entry[4][0]) for entry in socket.getaddrinfo(host, None, family=socket.AF_INET)}
    return sorted(str(address) for address in found if address.is_private)


def policy() -> BuildPolicy:
    archive = urlsplit(find_mirror(APT) or DEFAULT_MIRROR).hostname or ""
    inside = {host: private_addresses(host) for host in (archive, *HOSTS)}
    entries = [
        {"host": host, "methods": ["GET", "HEAD"], "schemes": ["http", "https"], "addresses": addresses}
        for host, addresses in inside.items()
    ]
    build_ca = os.environ.get("AIRUT_BUILD_CA")
    network = NetworkSpec(
        allowlist=json.dumps({"url_prefixes": entries}),
        allowlist_file=ALLOWLIST_KEY,
        repository="acme/web",
        granted_presets=BUILD_PRESETS,
        private_ranges=tuple(sorted({address for found in inside.values() for address in found})),
        extra_ca_files=(Path(build_ca),) if build_ca else (),
    )
    return BuildPolicy(network=network, limits=Limits(memory=4 * 1024**3))


async def ensure() -> str:
    engine = Engine()
    with tempfile.TemporaryDirectory(prefix="airut-matrix-") as state:
        settings = SandboxSettings(
            installation="matrix",
            host="here",
            state=Path(state),
            enforce=Enforce.BEST_EFFORT,
            cgroup_parent=os.environ.get("AIRUT_CGROUP_PARENT"),
            warm=0,
        )
        try:
            images = podman_images(engine, load_or_create_root(ROOT), settings, lambda _: policy())
            return await images.ensure("matrix", CONTAINER)
        except ImageBuildFailed as error:
            print(error.log_tail)
            raise
        finally:
            await engine.close()


if __name__ == "__main__":
    print(asyncio.run(ensure()))
