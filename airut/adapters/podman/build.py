"""One image build: over the API, or, where this host's certificate bundle has to be seen in it, by the CLI."""

import asyncio
import io
import json
import logging
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from airut.adapters.podman.context import ContextFile, dockerfile, tar
from airut.adapters.podman.engine import BUILD, Engine
from airut.adapters.podman.failures import registry_hiccup
from airut.errors import EngineError, EngineUnavailable, ImageBuildFailed, RegistryUnavailable

SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
LOG_TAIL = 40  # lines of a failed build that the answer carries

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Build:
    """What to build. `what` names it for people; `online` gives its steps the network."""

    what: str
    tag: str
    files: Sequence[ContextFile]
    arguments: dict[str, str] = field(default_factory=dict)
    online: bool = True
    ca: Path | None = None
    """Mounted over the base image's bundle while the steps run, for a host whose way out is intercepted."""


async def build(engine: Engine, wanted: Build) -> None:
    """Raises: ImageBuildFailed, RegistryUnavailable, EngineUnavailable, EngineError"""
    log.info("building %s", wanted.tag)
    by_cli = wanted.online and wanted.ca is not None
    lines, problem = await (_by_cli(wanted) if by_cli else _by_api(engine, wanted))
    if problem:
        if registry_hiccup(problem):
            raise RegistryUnavailable(f"{wanted.what} could not be built: {problem}")
        missing = (line for line in reversed(lines) if line.startswith("the image has no "))
        tail = "\n".join([*lines, problem][-LOG_TAIL:])
        raise ImageBuildFailed(f"{wanted.what} could not be built: {next(missing, problem)}", tail)


async def _by_api(engine: Engine, wanted: Build) -> tuple[list[str], str]:
    """The log's lines, and what went wrong."""
    lines: list[str] = []
    problems: list[str] = []

    def read(line: str) -> None:
        said = json.loads(line) if line.startswith("{") else {"stream": line}
        lines.extend(str(said.get("stream", "")).splitlines())
        if said.get("error"):
            problems.append(str(said["error"]))

    params: dict[str, object] = {
        "t": wanted.tag,
        "dockerfile": dockerfile(wanted.files),
        "buildargs": wanted.arguments,
        "layers": True,
        "rm": True,
        "forcerm": True,
        "pullpolicy": "missing",
        "nohosts": True,
    }
    if not wanted.online:
        params["networkmode"] = "none"
    try:
        await engine.upload("/build", f"build {wanted.tag}", iter([tar(wanted.files)]), params, read)
    except EngineUnavailable:
        raise
    except EngineError as error:
        problems.append(str(error))
    return lines, problems[-1] if problems else ""


async def _by_cli(wanted: Build) -> tuple[list[str], str]:
    """The API of Podman before 4.6 has no volumes for builds."""
    with tempfile.TemporaryDirectory(prefix="airut-build-") as folder:
        await asyncio.to_thread(_unpack, wanted.files, folder)
        command = ["podman", "build", "--layers", "--force-rm", "--pull=missing", "--no-hosts", f"--tag={wanted.tag}"]
        command += [f"--volume={wanted.ca}:{SYSTEM_BUNDLE}:ro", f"--file={folder}/{dockerfile(wanted.files)}"]
        command += [f"--build-arg={name}={value}" for name, value in wanted.arguments.items()]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except FileNotFoundError as error:
            raise EngineUnavailable("there is no `podman` on this host") from error
        try:
            output, _ = await asyncio.wait_for(process.communicate(), BUILD)
        except TimeoutError:
            process.kill()
            await process.wait()
            return [], f"it took longer than {BUILD / 60:.0f} minutes"
    lines = output.decode(errors="replace").splitlines()
    return lines, (lines[-1] if lines else "podman said nothing") if process.returncode else ""


def _unpack(files: Sequence[ContextFile], folder: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(tar(files))) as archive:
        archive.extractall(folder, filter="tar")
