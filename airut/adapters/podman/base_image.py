"""The base image, made from Debian's packages: no registry, no root. mmdebstrap verifies them with the keyring."""

import asyncio
import datetime
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from airut.adapters.podman.engine import Engine
from airut.adapters.podman.sources import BASE
from airut.errors import ImageBuildFailed

SUITE = "trixie"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
# build-essential is left out: a compiler that most repositories do not need; a Dockerfile adds it in one line.
PACKAGES = "ca-certificates,curl,git,jq,openssh-client,python3,python3-venv,ripgrep"
OPTIONS = (
    "--variant=minbase",
    f"--include={PACKAGES}",
    "--mode=unshare",
    "--quiet",
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    '--aptopt=Acquire::Languages "none"',
)
TIME_LIMIT = 15 * 60.0  # 20 s from a near mirror; a far and slow one needs minutes
CHUNK = 1 << 20
APT = Path("/etc/apt")


async def make_base_image(engine: Engine, suite: str = SUITE, mirror: str | None = None, *, again: bool = False) -> str:
    """Make the base image unless there is one of that suite; returns one line for people.

    Raises:
        ImageBuildFailed, EngineUnavailable, NoSpace, EngineError
    """
    found = await engine.get(f"/images/{BASE}/json", "inspect the base image")
    names = [name for name in (found or {}).get("RepoTags") or [] if f":{suite}-" in name]
    if names and not again:
        return f"base image {names[0]} is there"
    tag = f"{suite}-{datetime.datetime.now(datetime.UTC):%Y%m%d}"
    with tempfile.TemporaryDirectory(prefix="airut-base-") as folder:
        archive = Path(folder) / "base.tar"
        Path(folder).chmod(0o755)  # mmdebstrap's own user namespace looks into it
        await _bootstrap(suite, mirror or find_mirror(APT) or DEFAULT_MIRROR, archive)
        name = BASE.rpartition(":")[0]
        await engine.upload(
            "/images/import", "import the base image", _chunks(archive), {"reference": f"{name}:{tag}"}, lambda _: None
        )
    await engine.post(f"/images/{name}:{tag}/tag", "tag the base image", params={"repo": name, "tag": "latest"})
    return f"base image {name}:{tag} made"


def find_mirror(apt: Path) -> str | None:
    """The Debian archive that this host's own apt configuration names, if it is a Debian."""
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    for file in files:
        if not file.is_file():
            continue
        for line in file.read_text(errors="replace").splitlines():
            match = re.match(r"(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(https?://\S+/debian)/?(?=\s|$)", line)
            if match:
                return match[1]
    return None


async def _bootstrap(suite: str, mirror: str, archive: Path) -> None:
    if not shutil.which("mmdebstrap"):
        raise ImageBuildFailed(
            "there is no mmdebstrap on this host: install it (Debian, Ubuntu, Fedora have a package)"
        )
    process = await asyncio.create_subprocess_exec(
        "mmdebstrap",
        *OPTIONS,
        suite,
        str(archive),
        f"deb {mirror} {suite} main",
        env={**os.environ, "TMPDIR": str(archive.parent)},
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), TIME_LIMIT)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise ImageBuildFailed(
            f"mmdebstrap took longer than {TIME_LIMIT / 60:.0f} minutes (mirror {mirror})"
        ) from error
    if process.returncode:
        tail = "\n".join(output.decode(errors="replace").splitlines()[-40:])
        raise ImageBuildFailed(f"mmdebstrap failed with exit code {process.returncode} (mirror {mirror})", tail)


def _chunks(archive: Path) -> Iterator[bytes]:
    with archive.open("rb") as stream:
        while data := stream.read(CHUNK):
            yield data
