"""What a sandbox is made of, and the handle to one that was made (spec: sandbox)."""

import base64
import hashlib
import json
from enum import StrEnum
from pathlib import Path

from airut.models.base import Model
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint

ALLOWLIST_FILE = ".airut/network-allowlist.yaml"


def sandbox_id(task: str, attempt: int) -> str:
    """The id of this attempt's sandbox: 12 base32 characters, the same on every host and in every process."""
    digest = hashlib.sha256(f"{task}\n{attempt}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:12]


class Mount(Model):
    """A folder or file of the host inside the container. Always nosuid and nodev."""

    source: Path
    target: str
    writable: bool = False
    executable: bool = True


class Limits(Model):
    """Resource limits of one sandbox; on by default. Sizes in bytes, times in seconds; None is without a limit."""

    memory: int | None = 8 * 1024**3
    cpus: float | None = 4.0
    pids: int | None = 1024
    time: float = 2 * 3600
    idle: float | None = 30 * 60
    freeze: float = 0.0
    """Seconds that it may stand frozen in all: they count for neither of the two, but for whoever looks at a clock."""
    output: int = 512 * 1024**2
    disk: int | None = 20 * 1024**3
    """Of the thread's workspace, storage and home together; None is without a limit. Measured from outside."""


class NetworkSpec(Model):
    """What the fence of one sandbox enforces: the policy as the default branch has it, and what may be swapped in.

    `credentials` hold real values as `Secret`: this model never crosses Temporal and is never logged.
    """

    enabled: bool = True
    """False: no fence at all. The sandbox reaches the network as this host does, and holds the real credentials."""
    allowlist: str | None
    """The text of `.airut/network-allowlist.yaml`; None when the repository has none."""
    allowlist_file: str = ALLOWLIST_FILE
    """What its rules and errors call it."""
    repository: str
    """`owner/name` on its forge, which presets expand to."""
    granted_presets: tuple[str, ...] = ("anthropic",)
    model_endpoint: ModelEndpoint = ANTHROPIC
    """Where `anthropic`, when it is granted, leads."""
    model_hosts: tuple[str, ...] = ()
    """Patterns of further hosts at which requests for the model's API are looked at."""
    credentials: tuple[AnySandboxCredential, ...] = ()
    upstream_dns: tuple[str, ...] = ()
    private_ranges: tuple[str, ...] = ()
    extra_ca_files: tuple[Path, ...] = ()


class Streams(Model):
    """The command's own standard input, output and error: FIFOs in a folder of this host, `stdin` (where `reads`),
    `stdout` and `stderr`. Whoever asks for them has them open before the sandbox is started. With `terminal` the
    command has a terminal of that many rows and columns; what it shows goes to `stdout`, and lines of `rows columns`
    that are written to `size` change it."""

    folder: Path
    reads: bool = False
    terminal: tuple[int, int] | None = None


class SandboxSpec(Model):
    """One sandbox: agent container, proxy container and the internal network between them.

    `command` runs as the agent user in `/workspace`, its standard input from `stdin`; its output goes to
    `out/events.jsonl` below `folder`. `environment` holds plain values and surrogates only. The same spec for the
    same `sandbox_id` is the same sandbox: starting it twice returns the one that runs.
    """

    sandbox_id: str
    thread: str
    task: str
    attempt: int
    repo: str
    image: str
    command: tuple[str, ...]
    stdin: str
    environment: dict[str, str]
    files: dict[str, str] = {}
    """Small texts that the command reads: file name → content, at `/run/airut/files/` inside."""
    mounts: tuple[Mount, ...]
    folder: Path
    """The sandbox's own folder on the host: output, exit file, access log."""
    job: str = ""
    """What tells this job from another under the same id, where standard input does not: an agent that is resumed is
    given another input than one that is begun."""
    workdir: str = "/workspace"
    """Where the command begins."""
    streams: Streams | None = None
    """When set, the command has these for its input and output, in place of `stdin` and the files below `out/`."""
    base_commit: str | None = None
    """When set, the entrypoint bundles `base..HEAD` of `/workspace` after the command has ended."""
    limits: Limits = Limits()
    network: NetworkSpec

    @property
    def wall_time(self) -> float:
        """Seconds on the clock after which it has to have ended, frozen or not."""
        return self.limits.time + self.limits.freeze

    def digest(self) -> str:
        """What makes it this job and no other. What may differ when the same job is asked for again is not in it:
        the image that is current by then, the command (which resumes what has begun), credentials that rotate."""
        identity = [self.thread, self.task, self.attempt, self.repo, self.job or self.stdin]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()


class SandboxRef(Model):
    """Handle to a started sandbox. `folder` is where its output lies on this host."""

    sandbox_id: str
    container: str
    folder: Path
    adopted: bool = False
    """True when it was found running or exited, and not started by this call."""
    warm: bool = False
    """True when its fence had been made before it was asked for."""


class LimitHit(StrEnum):
    """Which limit ended a run."""

    TIME = "time"
    IDLE = "idle"
    OUTPUT = "output"
    DISK = "disk"


class ExitStatus(Model):
    """How the command ended, as the entrypoint or, failing that, the engine saw it."""

    code: int
    oom_killed: bool = False
    signal: int | None = None
    limit: LimitHit | None = None
    """Set when the entrypoint or the engine ended it for a limit."""
    tampered: bool = False
    """The output shrank, was replaced, or says something else than the engine: nothing in it is to be believed."""
    uncommitted: int = 0
    """Files changed in `/workspace` that no commit holds."""
    bundle: bool = False
    """True when `out/work.bundle` holds commits that the base does not."""
    work_error: str = ""
    """Why commits could not be counted or bundled, in git's words."""
    duration_s: float = 0.0


class OutputChunk(Model):
    """Bytes of `events.jsonl` from `offset`, or the end: `exit` is set on the last chunk only. The next chunk begins
    where this one ends, or behind what was passed over of a line that is too long."""

    offset: int
    data: bytes = b""
    exit: ExitStatus | None = None


class SandboxSignal(StrEnum):
    """What can be done to a running agent. An interrupt lets the agent save its session; a termination ends it within
    ten seconds; after both the sandbox still says what was done. A kill ends everything."""

    PAUSE = "pause"
    THAW = "thaw"
    INTERRUPT = "interrupt"
    TERMINATE = "terminate"
    KILL = "kill"
