"""One build of a Dockerfile that is not ours, in a cell."""

import asyncio
import contextlib
import io
import os
import signal
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from airut.adapters.podman.cells import Cell
from airut.adapters.podman.context import ContextFile, dockerfile, tar
from airut.adapters.podman.launch import REMEDY
from airut.adapters.podman.transcript import Transcript
from airut.errors import EngineError, EngineUnavailable, ImageBuildFailed

CGROUPS = Path("/sys/fs/cgroup")
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
NOT_JOINED = 97
"""Exit code of the shell below; the engine's own are 1 and 125 and up."""
JOIN = f'echo $$ >"$0" || exit {NOT_JOINED}; exec "$@"'
"""Run by the shell that becomes the engine: from here on it is under the holder's limits, and so are its steps."""
JOIN_IF_POSSIBLE = 'echo $$ >"$0" || echo "this build runs without limits"; exec "$@"'
KEPT = (
    "PATH", "HOME", "USER", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "CONTAINERS_REGISTRIES_CONF",
)  # fmt: skip
"""Of our environment: what the engine needs to find its store, and nothing that a step could profit from."""
GRACE = 10.0  # seconds for the engine to remove its working containers once it is told to stop
BUNDLE = "/etc/airut/ca-bundle.pem"
"""Where our layer will have it too, so that a step may write the path down."""
TRUST: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
            "PIP_CERT", "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "DENO_CERT",
        ),
        BUNDLE,
    ),
    "UV_SYSTEM_CERTS": "true",
    "UV_NATIVE_TLS": "true",
    "APT_CONFIG": "/etc/airut/apt.conf",
}  # fmt: skip
"""Variables of the steps behind a proxy: by them tools trust its authority."""


@dataclass(frozen=True)
class FencedBuild:
    """What to build. `online` gives its steps the cell's network, or with `open` the host's, where `ca` is a bundle
    that they see in place of the image's own. `limit` is in seconds."""

    what: str
    tag: str
    files: Sequence[ContextFile]
    limit: float
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    online: bool = True
    open: bool = False
    ca: Path | None = None
    fresh: bool = False
    """Without the layers of earlier builds."""


async def build_fenced(cell: Cell, wanted: FencedBuild) -> None:
    """Raises: ImageBuildFailed, EngineUnavailable, EngineError"""
    context = cell.scratch / ("steps" if wanted.online else "layer")
    await asyncio.to_thread(_unpack, wanted.files, context)
    told = Transcript(cell.log / f"{'steps' if wanted.online else 'layer'}.log", "the image has no ")
    try:
        problem = await _run(command(cell, wanted, context), cell, wanted.limit, told)
    finally:
        told.close()
    if problem:
        last = next((line for line in reversed(told.lines) if line.startswith("Error:")), "")
        words = told.kept or " ".join(filter(None, (problem, last)))
        raise ImageBuildFailed(f"{wanted.what} could not be built: {words}", "\n".join(told.lines))


def command(cell: Cell, wanted: FencedBuild, context: Path) -> list[str]:
    """The engine's process, first of all in the holder's control group."""
    procs = CGROUPS / cell.cgroup.lstrip("/") / "cgroup.procs"
    build = ["podman", "--cgroup-manager=cgroupfs", "build", f"--tag={wanted.tag}"]
    build += [f"--file={context / dockerfile(wanted.files)}", "--layers", "--force-rm", "--pull=never"]
    build += ["--http-proxy=false", f"--security-opt=seccomp={cell.seccomp}"]
    # The steps' root is this user, to whom Podman has given the control groups: not even to look at.
    build += [f"--volume={cell.folder / 'empty'}:/sys/fs/cgroup:ro"]
    build += [f"--build-arg={name}={value}" for name, value in wanted.arguments.items()]
    build += [f"--label={name}={value}" for name, value in wanted.labels.items()]
    build += ["--no-cache"] if wanted.fresh else []
    unconnected = ["unshare", "--net"]
    if not wanted.online:
        build += ["--no-hosts", "--network=none"]
    elif wanted.open:
        unconnected = []
        build += [f"--volume={wanted.ca}:{SYSTEM_BUNDLE}:ro"] if wanted.ca else []
    else:
        build += ["--no-hosts", f"--network=ns:/proc/{cell.pid}/ns/net", "--dns=none"]
        mounts = {"resolv.conf": "/etc/resolv.conf", "ca.pem": BUNDLE, "apt.conf": TRUST["APT_CONFIG"]}
        build += [f"--volume={cell.folder / name}:{place}:ro" for name, place in mounts.items()]
    join = JOIN if cell.strict else JOIN_IF_POSSIBLE
    return [*cell.scope, "podman", "unshare", "sh", "-c", join, str(procs), *unconnected, *build, str(context)]


async def _run(command: Sequence[str], cell: Cell, limit: float, told: Transcript) -> str:
    """What went wrong, in words."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            # Its own folder of temporary files is where `--mount=type=cache` lies, which builds are not to share.
            env=environment | {"TMPDIR": str(cell.scratch), "LANG": "C.UTF-8"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise EngineUnavailable("there is no `podman` on this host") from error
    try:
        async with asyncio.timeout(limit):
            await _listen(process, told)
            code = await process.wait()
    except TimeoutError:
        return f"it took longer than {limit / 60:.0f} minutes"
    finally:
        await asyncio.shield(_end(process))
    if code == NOT_JOINED:
        raise EngineError(f"a build could not be put under limits: {REMEDY}")
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return "it was killed, most likely for its limit of memory (limits.memory)."
    return f"exit status {code}." if code else ""


async def _listen(process: asyncio.subprocess.Process, told: Transcript) -> None:
    assert process.stdout is not None  # it is a pipe
    while data := await process.stdout.read(1 << 16):
        told.feed(data)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Of a build that took too long, or whose task was cancelled."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE)


def _unpack(files: Sequence[ContextFile], folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(tar(files))) as archive:
        archive.extractall(folder, filter="tar")
