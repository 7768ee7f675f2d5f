"""PID 1 of a sandbox: runs the agent's command, keeps its output, ends everything with it, and says how it ended.

Standard library only, and Python 3.8: it runs on whatever Python the repository's image has. What it is told is in
`/run/airut` (read-only), what it says in `/run/airut/out`. All limits of time are kept here, so that they hold while
every process of ours outside is dead.
"""

import json
import os
import select
import signal
import sys
import time

ROOT = "/run/airut"
OUT = ROOT + "/out"
STDERR_KEPT = 1024 * 1024
TERM_AFTER = 20.0  # an interrupted agent saves its session within a second or two; a tool may need longer
KILL_AFTER = 10.0
DRAIN = 2.0  # what is in the pipes when everything is dead is read at once; this is for a machine that stalls
GO_WAIT = 60.0  # the engine's own deadline for a start
GIT_WAIT = 120.0
FROZEN = 5.0  # a loop that ticks every second was frozen when it stood still longer than this


class Lines:
    """Appends to a file in whole lines, up to a limit; what does not end in a newline is written at the end."""

    def __init__(self, path, limit):
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self.left = limit
        self.pending = []

    def write(self, data):
        end = data.rfind(b"\n") + 1
        if end:
            self._append(b"".join(self.pending) + data[:end])
            self.pending = []
        if data[end:]:
            self.pending.append(data[end:])

    def close(self):
        self._append(b"".join(self.pending))
        os.close(self.file)

    def _append(self, data):
        self.left -= len(data)
        if self.left < 0:
            return
        while data:
            data = data[os.write(self.file, data) :]


class Tail:
    """Appends to a file of which the last part is kept: the file grows to twice that, then is written anew."""

    left = 0  # has no limit to hit

    def __init__(self, path, kept):
        self.path, self.kept, self.data, self.size = path, kept, bytearray(), 0
        self.file = self._open()

    def write(self, data):
        self.data += data
        self.size += len(data)
        os.write(self.file, data)
        if self.size > 2 * self.kept:
            self._shorten()

    def close(self):
        if self.size > self.kept:
            self._shorten()
        os.close(self.file)

    def _open(self):
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def _shorten(self):
        del self.data[: -self.kept]
        os.close(self.file)
        replace(self.path, bytes(self.data))
        self.file, self.size = self._open(), len(self.data)


def replace(path, data):
    file = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(path + ".new", path)


def everything(number):
    """Signal every process but this one; only PID 1 may say -1 without hitting others."""
    if os.getpid() == 1:
        try:
            os.kill(-1, number)
        except ProcessLookupError:
            pass


def cpu_ticks():
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


def oom_kills():
    try:
        with open("/sys/fs/cgroup/memory.events") as file:
            return int(dict(line.split() for line in file)["oom_kill"])
    except (OSError, ValueError, KeyError):
        return 0


class Run:
    """One command from start to end."""

    def __init__(self, settings, environment):
        self.settings, self.environment = settings, environment
        self.child, self.status, self.limit = 0, None, None
        self.clock = self.quiet = 0.0  # seconds run, and when something was last heard; neither runs while frozen
        self.ticks = 0
        self.escalation = []  # (when, signal), soonest first
        self.streams = {}  # file descriptor -> where its bytes go
        self.poller = select.poll()
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda number, frame: None)
        self.poller.register(self.woken, select.POLLIN)

    def start(self):
        stdin = os.open(ROOT + "/stdin", os.O_RDONLY)
        ends = [self._stream(Lines(OUT + "/events.jsonl", self.settings["output"]))]
        ends.append(self._stream(Tail(OUT + "/stderr", STDERR_KEPT)))
        self.child = os.fork()
        if self.child == 0:
            self._become([stdin, *ends])
        for end in [stdin, *ends]:
            os.close(end)

    def _stream(self, sink):
        mine, theirs = os.pipe()
        self.streams[mine] = sink
        self.poller.register(mine, select.POLLIN)
        return theirs

    def _become(self, files):
        code = 126
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            for target, file in enumerate(files):
                os.dup2(file, target)
            os.chdir(self.settings["cwd"])
            os.execvpe(self.settings["command"][0], self.settings["command"], self.environment)
        except FileNotFoundError as error:
            code = 127
            os.write(2, str(error).encode() + b"\n")
        except OSError as error:
            os.write(2, str(error).encode() + b"\n")
        finally:
            os._exit(code)

    def until_ended(self):
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
        end = time.monotonic() + DRAIN
        while self.streams and time.monotonic() < end:
            self._hear(0.1)
        for file in list(self.streams):
            self._close(file)

    def _hear(self, seconds):
        for file, _ in self.poller.poll(seconds * 1000):
            data = os.read(file, 1 << 16)
            if file == self.woken:
                for number in data:
                    self._signalled(number)
            elif data:
                self.quiet = self.clock
                self.streams[file].write(data)
            else:
                self._close(file)

    def _close(self, file):
        self.poller.unregister(file)
        self.streams.pop(file).close()
        os.close(file)

    def _signalled(self, number):
        if number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGINT:
            self.stop(signal.SIGINT)
        elif number == signal.SIGTERM:
            self.stop(signal.SIGTERM)

    def _reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.child:
                self.status = status

    def stop(self, number):
        """Interrupt, then terminate, then kill; a later, harder stop replaces a softer one."""
        term = self.clock + (TERM_AFTER if number == signal.SIGINT else 0.0)
        self.escalation = [(term, signal.SIGTERM), (term + KILL_AFTER, signal.SIGKILL)]
        if number == signal.SIGINT:
            self._signal(number)
        self._escalate()

    def _escalate(self):
        while self.escalation and self.escalation[0][0] <= self.clock:
            self._signal(self.escalation.pop(0)[1])

    def _signal(self, number):
        try:
            os.killpg(self.child, number)
        except ProcessLookupError:
            pass

    def _check_limits(self):
        if self.limit:
            return
        if self.clock > self.settings["time"]:
            self.limit = "time"
        elif any(sink.left < 0 for sink in self.streams.values()):
            self.limit = "output"
        elif self.clock - self.quiet > self.settings["idle"]:
            ticks, self.ticks = self.ticks, cpu_ticks()
            busy = (self.ticks - ticks) / os.sysconf("SC_CLK_TCK")
            if busy < 0.01 * self.settings["idle"]:
                self.limit = "idle"
            self.quiet = self.clock
        if self.limit:
            self.stop(signal.SIGINT)


def git(*arguments, env):
    """Raises OSError, ValueError or subprocess.SubprocessError: what git cannot say is left out, never fatal."""
    import subprocess

    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-C", "/workspace", *arguments]
    return subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_WAIT, check=True
    ).stdout


def work(base, env):
    """What was done in /workspace: head, files not committed, and whether a bundle of new commits was made."""
    found = {"head": None, "uncommitted": 0, "bundle": False}
    try:
        found["uncommitted"] = git("status", "--porcelain=v1", "-z", env=env).count(b"\0")
        found["head"] = git("rev-parse", "--verify", "HEAD", env=env).decode().strip()
        if base and int(git("rev-list", "--count", base + "..HEAD", env=env)):
            git("bundle", "create", "--quiet", OUT + "/work.bundle.new", base + "..HEAD", env=env)
            os.replace(OUT + "/work.bundle.new", OUT + "/work.bundle")
            found["bundle"] = True
    except Exception as error:  # the exit status must come out, whatever git or the agent's repository does
        found["work_error"] = (getattr(error, "stderr", None) or b"").decode(errors="replace")[-2000:] or str(error)
    return found


def main():
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
    number = run.status & 0x7F
    code = 128 + number if number else run.status >> 8
    ended = {"code": code, "signal": number or None, "limit": run.limit, "duration_s": round(run.clock, 3)}
    ended["oom_killed"] = number == signal.SIGKILL and run.limit is None and oom_kills() > 0
    if os.path.isdir("/workspace/.git"):
        ended.update(work(settings["base_commit"], environment))
    everything(signal.SIGKILL)  # git may have started something of the agent's; nobody may write after this
    replace(OUT + "/exit.json", json.dumps(ended).encode())
    return code


if __name__ == "__main__":
    sys.exit(main())
