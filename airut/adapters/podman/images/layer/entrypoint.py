"""PID 1 of a sandbox: runs the agent's command, keeps its output, ends everything with it, and says how it ended.

Standard library only, and Python 3.8: it runs on whatever Python the repository's image has. What it is told is in
`/run/airut` (read-only), what it says in `/run/airut/out`. All limits of time are kept here, so that they hold while
every process of ours outside is dead.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time

sys.path.insert(0, "/opt/airut")  # isolated mode leaves the program's own folder out

from sinks import Lines, Tail, replace

TYPE_CHECKING = False  # `typing` costs ten milliseconds of every start
if TYPE_CHECKING:
    from typing import Any

    from attached import Attached

ROOT = "/run/airut"
OUT = ROOT + "/out"
STDERR_KEPT = 1024 * 1024
TERM_AFTER = 20.0  # an interrupted agent saves its session within a second or two; a tool may need longer
KILL_AFTER = 10.0
DRAIN = 2.0  # what is in the pipes when everything is dead is read at once; this is for a machine that stalls
GO_WAIT = 60.0  # the engine's own deadline for a start
WORK_WAIT = 300.0  # counting and bundling a very large repository
FROZEN = 5.0  # a loop that ticks every second was frozen when it stood still longer than this


def everything(number: int) -> None:
    """Signal every process but this one; only PID 1 may say -1 without hitting others."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, number)


def cpu_ticks() -> int:
    """CPU time of all processes in here."""
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/" + name + "/stat") as file:
                    total += sum(int(word) for word in file.read().rpartition(")")[2].split()[11:15])
            except (OSError, ValueError):
                pass
    return total


def oom_kills() -> int:
    try:
        with open("/sys/fs/cgroup/memory.events") as file:
            return int(dict(line.split() for line in file)["oom_kill"])
    except (OSError, ValueError, KeyError):
        return 0


class Run:
    """One command from start to end."""

    def __init__(self, settings: dict[str, Any], environment: dict[str, str]) -> None:
        self.settings, self.environment = settings, environment
        self.child = 0
        self.status: int | None = None
        self.limit: str | None = None
        self.clock = self.quiet = 0.0  # seconds run, and when something was last heard; neither runs while frozen
        self.ticks = 0
        self.attached: Attached | None = None
        self.escalation: list[tuple[float, int]] = []  # (when, signal), soonest first
        self.streams: dict[int, Lines | Tail] = {}  # file descriptor -> where its bytes go
        self.poller = select.poll()
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda number, frame: None)
        self.poller.register(self.woken, select.POLLIN)

    def start(self) -> None:
        if self.settings.get("streams"):
            self._start_attached()
            return
        stdin = os.open(ROOT + "/stdin", os.O_RDONLY)
        ends = [self._stream(Lines(OUT + "/events.jsonl", self.settings["output"]))]
        ends.append(self._stream(Tail(OUT + "/stderr", STDERR_KEPT)))
        self.child = os.fork()
        if self.child == 0:
            self._become([stdin, *ends])
        for end in [stdin, *ends]:
            os.close(end)

    def _start_attached(self) -> None:
        """With the standard streams of whoever started the sandbox."""
        from attached import Attached  # an agent has no use for it

        self.attached = Attached(self.settings["streams"])
        self.child = os.fork()
        if self.child == 0:
            self._become(self.attached.files)
        self.attached.relay(self.poller)

    def _stream(self, sink: Lines | Tail) -> int:
        mine, theirs = os.pipe()
        self.streams[mine] = sink
        self.poller.register(mine, select.POLLIN)
        return theirs

    def _become(self, files: list[int]) -> None:
        code, about = 125, self.settings["cwd"]
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            for target, file in enumerate(files):
                os.dup2(file, target)
            if self.attached:
                self.attached.take_terminal()
            os.chdir(about)
            code, about = 126, self.settings["command"][0]
            os.execvpe(about, self.settings["command"], self.environment)
        except OSError as error:
            if code == 126 and isinstance(error, FileNotFoundError):
                code = 127
            os.write(2, f"airut-sandbox: {about}: {error.strerror}\n".encode())
        finally:
            os._exit(code)

    def until_ended(self) -> None:
        before = time.monotonic()
        while self.status is None:
            self._hear(1.0)
            now = time.monotonic()
            if now - before < FROZEN:
                self.clock += now - before
            before = now
            self._check_limits()
            self._escalate()
        everything(signal.SIGKILL)
        if self.attached:
            self.attached.drain()
        end = time.monotonic() + DRAIN
        while self.streams and time.monotonic() < end:
            self._hear(0.1)
        for file in list(self.streams):
            self._close(file)

    def _hear(self, seconds: float) -> None:
        for file, _ in self.poller.poll(seconds * 1000):
            data = os.read(file, 1 << 16)
            if file == self.woken:
                for number in data:
                    self._signalled(number)
            elif self.attached:
                self.attached.resize(data)
            elif data:
                self.quiet = self.clock
                self.streams[file].write(data)
            else:
                self._close(file)

    def _close(self, file: int) -> None:
        self.poller.unregister(file)
        self.streams.pop(file).close()
        os.close(file)

    def _signalled(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGINT:
            self.stop(signal.SIGINT)
        elif number == signal.SIGTERM:
            self.stop(signal.SIGTERM)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.child:
                self.status = status

    def stop(self, number: int) -> None:
        """Interrupt, then terminate, then kill; a later, harder stop replaces a softer one."""
        term = self.clock + (TERM_AFTER if number == signal.SIGINT else 0.0)
        self.escalation = [(term, signal.SIGTERM), (term + KILL_AFTER, signal.SIGKILL)]
        if number == signal.SIGINT:
            self._signal(number)
        self._escalate()

    def _escalate(self) -> None:
        while self.escalation and self.escalation[0][0] <= self.clock:
            self._signal(self.escalation.pop(0)[1])

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child, number)

    def _check_limits(self) -> None:
        if self.limit:
            return
        if self.clock > self.settings["time"]:
            self.limit = "time"
        elif any(sink.hit for sink in self.streams.values()):
            self.limit = next(sink.hit for sink in self.streams.values() if sink.hit)
        elif self.settings["idle"] is not None and self.clock - self.quiet > self.settings["idle"]:
            ticks, self.ticks = self.ticks, cpu_ticks()
            busy = (self.ticks - ticks) / os.sysconf("SC_CLK_TCK")
            if busy < 0.01 * self.settings["idle"]:
                self.limit = "idle"
            self.quiet = self.clock
        if self.limit:
            self.stop(signal.SIGINT)


def work(base: str | None, environment: dict[str, str]) -> dict[str, object]:
    """What was done in /workspace, as `work.py` finds it; the exit status comes out whatever git does there."""
    import subprocess

    command = ["/opt/airut/python", "-ISE", "/opt/airut/work.py", OUT, base or ""]
    try:
        found = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=WORK_WAIT, check=True
        )
        return dict(json.loads(found.stdout))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return {"work_error": str(error)}


def untraceable() -> None:
    """Keep the agent, which is the same user, from tracing PID 1 and so from writing the exit file in its name."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    except (ImportError, OSError, AttributeError):
        pass  # a Python without ctypes: then the exit file is the agent's word, as its output is


def main() -> int:
    untraceable()
    with open(ROOT + "/settings.json") as file:
        settings = json.load(file)
    with open(ROOT + "/environment.json") as file:
        environment = dict(os.environ, **json.load(file))
    end = time.monotonic() + GO_WAIT
    while not os.path.exists(ROOT + "/go"):  # the fence stands and the limits hold: only then may the agent run
        if time.monotonic() > end:
            return 125
        time.sleep(0.005)
    os.umask(0o022)
    run = Run(settings, environment)
    run.start()
    run.until_ended()
    status = run.status or 0
    number = status & 0x7F
    code = 128 + number if number else status >> 8
    ended: dict[str, object] = {
        "code": code,
        "signal": number or None,
        "limit": run.limit,
        "duration_s": round(run.clock, 3),
    }
    ended["oom_killed"] = number == signal.SIGKILL and run.limit is None and oom_kills() > 0
    if run.attached is None and os.path.isdir("/workspace/.git"):
        ended.update(work(settings["base_commit"], environment))
    everything(signal.SIGKILL)  # git may have started something of the agent's; nobody may write after this
    replace(OUT + "/exit.json", json.dumps(ended).encode())
    return code


if __name__ == "__main__":
    sys.exit(main())
