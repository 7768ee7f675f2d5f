"""One git command: scrubbed environment, deadline, no child left behind."""

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LOCAL_DEADLINE = 300.0
"""Seconds for a command without network: minutes only on a very large repository."""

# What of our own environment git and ssh need: where programs are, how to get out, which authorities to trust.
_KEPT = (
    *("PATH", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"),
    *("HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
)

_SETTINGS: tuple[tuple[str, str], ...] = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.askPass", ""),
    # Reflogs would tell the sandbox where the mirror lies on this host.
    ("core.logAllRefUpdates", "false"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    # Blobs beyond this are streamed instead of held in memory, and packs are looked at through small windows, so that
    # the memory limit on hostile packs fits beside a large mirror.
    ("core.bigFileThreshold", "16m"),
    ("core.packedGitWindowSize", "64m"),
    ("core.packedGitLimit", "1g"),
    ("credential.helper", ""),
    # A detached gc would outlive the lock; it is run explicitly.
    ("gc.auto", "0"),
    ("gc.autoDetach", "false"),
    ("maintenance.auto", "false"),
    # A redirect would carry the credential to a host that nobody configured.
    ("http.followRedirects", "false"),
    # A connection that moves less than 1 kB/s for a minute is dead.
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    ("push.followTags", "false"),
    ("push.gpgSign", "false"),
    ("submodule.recurse", "false"),
    ("transfer.bundleURI", "false"),
)


class GitFailed(Exception):
    """git ended with an error: `stderr` is its words, not yet scrubbed; `stdout` what it printed all the same."""

    def __init__(self, command: str, code: int, stderr: str, stdout: bytes = b"") -> None:
        super().__init__(f"git {command} ended with {code}")
        self.command = command
        self.code = code
        self.stderr = stderr
        self.stdout = stdout


@dataclass(frozen=True)
class Bounds:
    """Limits that the kernel holds a command to: address space and size of a written file, in bytes."""

    memory: int
    file: int


@dataclass(frozen=True)
class Git:
    """git in one folder. `protocols` may be used by this command and its children; the default is none at all.

    `settings` are configuration for the command only: they reach it by its environment, so that no argument list and
    no file ever holds a credential.
    """

    folder: Path
    protocols: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    held: tuple[int, ...] = ()
    """Lock descriptors that the command keeps open: should we be killed, the lock lives as long as our git does."""

    async def __call__(
        self,
        *arguments: str,
        stdin: bytes = b"",
        deadline: float = LOCAL_DEADLINE,
        bounds: Bounds | None = None,
    ) -> bytes:
        """Run and return standard output.

        Raises:
            GitFailed: it ended with an error.
            TimeoutError: it did not end in time; it is dead now.
        """
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=self.folder,
            env=self.environment(os.environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=self.held,
        )
        try:
            if bounds:
                _bound(process.pid, bounds)
            async with asyncio.timeout(deadline):
                stdout, stderr = await process.communicate(stdin)
        finally:
            # The group: git's own children (git-remote-https, ssh, index-pack) must not go on without it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode:
            raise GitFailed(arguments[0], process.returncode, stderr.decode("utf-8", "replace"), stdout)
        return stdout

    async def line(self, *arguments: str) -> str:
        """The first line of the output."""
        return (await self(*arguments)).decode("utf-8", "replace").partition("\n")[0]

    async def succeeds(self, *arguments: str) -> bool:
        """For commands whose status is an answer: 0 yes, 1 no.

        Raises:
            GitFailed: any other status.
        """
        try:
            await self(*arguments)
        except GitFailed as error:
            if error.code == 1:
                return False
            raise
        return True

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """What the command sees: nothing of ours but a few names, no configuration of user or system."""
        fixed = {
            "LC_ALL": "C.UTF-8",
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            # An empty list allows no transport at all.
            "GIT_ALLOW_PROTOCOL": ":".join(self.protocols),
            # Neither questions nor the user's multiplexing: a shared connection would outlive the command.
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=15 -oControlMaster=no -oControlPath=none",
        }
        return (
            {name: ours[name] for name in _KEPT if name in ours} | fixed | _as_variables((*_SETTINGS, *self.settings))
        )


def _as_variables(settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """git-config(1), ENVIRONMENT: configuration by variables."""
    pairs = list(settings)
    variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _bound(pid: int, bounds: Bounds) -> None:
    """Set limits from outside, before the command has been fed anything: code between fork and exec is unsafe here."""
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, (bounds.memory, bounds.memory))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (bounds.file, bounds.file))
