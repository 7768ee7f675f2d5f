"""The Claude Code binary: fetched from npm's registry on this machine, checked, cached by version. Never in an image.

It is proprietary, so that it is neither committed nor published: the host mounts it into the sandbox.
"""

import asyncio
import base64
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import ssl
import tarfile
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from airut.errors import BinaryUnavailable

VERSION = "2.1.330"  # pinned: flags and events differ from release to release (tests hold us to this one)
REGISTRY = "https://registry.npmjs.org"
PACKAGE = "@anthropic-ai/claude-code-{platform}"
TIMEOUT = 60.0  # seconds without a byte; the whole is 80 MB
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClaudeBinaries:
    """`cache` is the folder of all versions; a version's file lies at `<version>/<platform>/claude`."""

    cache: Path
    registry: str = REGISTRY

    def path(self, version: str = VERSION) -> Path:
        """Where that version lies or would lie. Its folder is what a sandbox mounts at /opt/claude.

        Raises:
            BinaryUnavailable: not a version number.
        """
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            raise BinaryUnavailable(f"{version!r} is not a version of Claude Code, which looks like {VERSION}")
        return self.cache / version / _platform() / "claude"

    async def ensure(self, version: str = VERSION) -> Path:
        """The path of that version, fetched when it is not there. Parallel calls end with one whole file.

        Raises:
            BinaryUnavailable
        """
        path = self.path(version)
        if not path.exists():
            await asyncio.to_thread(self._fetch, version, path)
        return path

    def install(self, file: Path, sha256: str, version: str = VERSION) -> Path:
        """Take a file that was carried here by hand. Raises: BinaryUnavailable: its checksum differs."""
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while data := stream.read(1 << 20):
                digest.update(data)
        if digest.hexdigest() != sha256.lower():
            raise BinaryUnavailable(f"{file} has the SHA-256 {digest.hexdigest()}, not {sha256}")
        path = self.path(version)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as beside, file.open("rb") as stream:
            shutil.copyfileobj(stream, beside)
        _publish(Path(beside.name), path)
        return path

    def _fetch(self, version: str, path: Path) -> None:
        package = PACKAGE.format(platform=_platform())
        described = self._get(f"{self.registry}/{package.replace('/', '%2f')}/{version}")
        try:
            dist = json.loads(described)["dist"]
            url, integrity = str(dist["tarball"]), str(dist["integrity"])
        except (ValueError, KeyError) as error:
            raise BinaryUnavailable(f"{self.registry} does not describe {package} {version} as expected") from error
        log.info("fetching %s", url)
        archive = self._get(url)
        _check(archive, integrity, f"{package} {version}")
        path.parent.mkdir(parents=True, exist_ok=True)
        _unpack(archive, path)

    def _get(self, url: str) -> bytes:
        if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise BinaryUnavailable(f"{url} is not an https address")
        context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT, context=context) as response:  # noqa: S310 (checked above)
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            raise BinaryUnavailable(f"{url} answered {error.code}: is the version right?") from error
        except OSError as error:
            raise BinaryUnavailable(
                f"{url} cannot be fetched ({error}); without a registry: airut image claude --from FILE --sha256 SUM"
            ) from error


def _platform() -> str:
    machine = MACHINES.get(platform.machine().lower())
    if machine is None:
        raise BinaryUnavailable(f"there is no Claude Code for {platform.machine()}")
    return f"linux-{machine}"


def _check(archive: bytes, integrity: str, what: str) -> None:
    """Subresource integrity, as the registry gives it: `sha512-<base64>`."""
    kind, _, expected = integrity.partition("-")
    found = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if kind != "sha512" or found != expected:
        raise BinaryUnavailable(f"{what} is not what the registry says it is (its sha512 differs)")


def _unpack(archive: bytes, path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tgz") as packed:
        packed.write(archive)
        packed.flush()
        with tarfile.open(packed.name) as contents:
            member = next((m for m in contents if m.name == "package/claude" and m.isfile()), None)
            stream = contents.extractfile(member) if member else None
            if stream is None:
                raise BinaryUnavailable("the package holds no `claude`")
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as beside:
                shutil.copyfileobj(stream, beside)
    _publish(Path(beside.name), path)


def _publish(beside: Path, path: Path) -> None:
    """Whole or not at all, also when the power goes."""
    beside.chmod(0o555)
    descriptor = os.open(beside, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
