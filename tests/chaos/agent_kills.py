"""The real Claude Code, killed at random moments and in the middle of writing its transcript: every run that follows
must send the model what was said in the first turn. Without containers, so that a thousand kills take minutes; its
command line and the choice of its session are the product's own.
"""

import asyncio
import contextlib
import os
import random
import signal
import time
import uuid
from pathlib import Path

from airut.adapters.claude_code.agent import ClaudeCode
from airut.adapters.claude_code.binary import ClaudeBinaries
from airut.demo import script
from airut.demo.http import HttpServer
from airut.demo.scripted_model import ModelCall, ScriptedModel
from airut.models.base import Model
from airut.models.hosts.sandbox import ExitStatus
from airut.models.tasks.agent import AgentProgress, AgentRun
from airut.models.tasks.outcome import AgentOutcome
from workflows.turns import LOST

KILLS_A_SESSION = 20
AT_ONCE = 2
LIMIT = 120.0
"""Seconds for one run: a hundred times what it takes."""
USUAL = 1.5
"""Seconds for a run, until one has been timed."""
RUNS_A_KILL = 2
"""A run may end before its kill falls; so many are tried at most for each."""
WRITES_MOST = 8
"""A run of this script writes so often to its transcript, roughly."""


class Played(Model):
    """One run: how it ended, and its requests to the model."""

    done: bool
    killed: bool
    calls: tuple[ModelCall, ...]


class KillsRecord(Model):
    """What is counted over all sessions."""

    seed: int
    sessions: int = 0
    kills: int = 0
    in_write: int = 0
    """Kills that fell right after a change of the transcript."""
    torn: int = 0
    """Transcripts whose last record was cut at a random byte after the kill."""
    resumed: int = 0
    """Runs that reached the model after a kill, each with the first turn in its request."""
    lost: tuple[str, ...] = ()
    """Runs whose request lacked the first turn, or that the model refused."""
    unfinished: tuple[str, ...] = ()
    """Sessions whose last run, which nobody kills, did not end well."""

    @property
    def good(self) -> bool:
        return not (self.lost or self.unfinished) and self.kills > 0 and self.resumed > 0

    def joined(self, other: "KillsRecord") -> "KillsRecord":
        return KillsRecord(
            seed=self.seed,
            **{name: getattr(self, name) + getattr(other, name) for name in KillsRecord.model_fields if name != "seed"},
        )


class Session:
    """One thread's home and workspace. `play` is one run, killed or not."""

    def __init__(
        self, binary: Path, folder: Path, server: HttpServer, model: ScriptedModel, rng: random.Random
    ) -> None:
        self._binary, self._folder, self._server, self._model, self._rng = binary, folder, server, model, rng
        self.token = f"heliotrope{rng.getrandbits(40):010x}"
        self._id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self._key = f"sk-ant-api03-{rng.getrandbits(64):016x}"
        for name in ("home/projects/-workspace", "workspace"):
            (folder / name).mkdir(parents=True)
        # In a sandbox the workspace is /workspace, which names the folder of its sessions.
        named = "".join(letter if letter.isalnum() else "-" for letter in str(folder / "workspace"))
        (folder / "home" / "projects" / named).symlink_to("-workspace")
        (folder / "rules.md").write_text("Rules.")
        common = {"repeat": script.FOREVER, "expect": self.token}
        words = "So it was looked at, and this is what there is to say of it. " * 4
        model.register(self._key, script.Script(steps=(
            script.Step(match="looked", text=words, chunk_delay=0.02, **common),
            script.Step(tool=script.bash("sleep 0.1; echo looked").tool, **common),
        )))  # fmt: skip

    @property
    def transcripts(self) -> list[Path]:
        return sorted((self._folder / "home" / "projects" / "-workspace").glob("*.jsonl"))

    async def play(self, prompt: str, kill_after: float | None = None, writes: int = 0) -> Played:
        """Run it; kill it after so many seconds, or after so many changes of its transcripts, if it runs so long."""
        before = len(self._model.calls_of(self._key))
        agent, home = ClaudeCode(), self._folder / "home"
        made = agent.command(AgentRun(session_id=self._id, prompt=prompt, system_prompt="Rules.", home=home))
        rules = str(self._folder / "rules.md")
        argv = [word.replace("/run/airut/files/system-prompt.md", rules) for word in made.argv[1:]]
        environment = {
            **made.environment, "PATH": os.environ["PATH"], "HOME": str(self._folder), "CLAUDE_CONFIG_DIR": str(home),
            "ANTHROPIC_BASE_URL": self._server.url, "ANTHROPIC_API_KEY": self._key,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            str(self._binary), *argv, env=environment, cwd=self._folder / "workspace", start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        running = asyncio.create_task(process.communicate(made.stdin.encode()))
        killer = asyncio.create_task(self._kill(process, kill_after, writes))
        output, errors = await asyncio.wait_for(running, LIMIT)
        killer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await killer
        verdict = agent.verdict(
            agent.progress(AgentProgress(), output), ExitStatus(code=process.returncode or 0), errors.decode()
        )
        calls = self._model.calls_of(self._key)[before:]
        return Played(
            done=verdict.outcome is AgentOutcome.DONE,
            killed=process.returncode == -signal.SIGKILL,
            calls=tuple(call for call in calls if call.path.startswith("/v1/messages")),
        )

    async def _kill(self, process: asyncio.subprocess.Process, after: float | None, writes: int) -> None:
        if writes:
            size, seen = self._size(), 0
            while seen < writes:
                await asyncio.sleep(0.001)  # a kill as close to a write as can be had from outside
                now = self._size()
                seen += now != size
                size = now
        elif after is not None:
            await asyncio.sleep(after)
        else:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self.transcripts)

    def tear(self) -> int:
        return torn(self._folder / "home" / "projects" / "-workspace", self._rng)


def torn(sessions: Path, rng: random.Random) -> int:
    """Cut the last record of the newest transcript at a random byte, as a write leaves it that did not come to its end;
    how many bytes went."""
    transcripts = list(sessions.glob("*.jsonl"))
    if not transcripts:
        return 0
    newest = max(transcripts, key=lambda path: path.stat().st_mtime_ns)
    content = newest.read_bytes()
    begins = content.rstrip(b"\n").rfind(b"\n") + 1
    if begins == len(content):
        return 0
    kept = rng.randrange(begins, len(content))
    os.truncate(newest, kept)
    return len(content) - kept


class AgentKills:
    """`count` kills over as many sessions as that takes."""

    def __init__(self, binary: Path, folder: Path, seed: int, count: int) -> None:
        self._binary, self._folder, self._seed, self._count = binary, folder, seed, count
        self._model = ScriptedModel()

    async def run(self) -> KillsRecord:
        shares = [KILLS_A_SESSION] * (self._count // KILLS_A_SESSION)
        shares += [self._count % KILLS_A_SESSION] if self._count % KILLS_A_SESSION else []
        slots = asyncio.Semaphore(AT_ONCE)
        async with HttpServer(self._model.handle) as server:

            async def one(number: int, kills: int) -> KillsRecord:
                async with slots:
                    rng = random.Random(f"{self._seed}/{number}")
                    session = Session(self._binary, self._folder / str(number), server, self._model, rng)
                    return await self._session(session, kills, rng, f"session {number}")

            records = await asyncio.gather(*(one(number, kills) for number, kills in enumerate(shares)))
        total = KillsRecord(seed=self._seed)
        for record in records:
            total = total.joined(record)
        return total

    async def _session(self, session: Session, kills: int, rng: random.Random, name: str) -> KillsRecord:
        """The first turn is killed once, asked again as the product does, and ends; then it is kill after kill."""
        first = f"The code word is {session.token}. Look at it."
        record = KillsRecord(seed=self._seed, sessions=1)
        usual = USUAL
        for number in range(kills * RUNS_A_KILL):
            if number == 1:  # the first turn, which nobody disturbs now
                begun = time.monotonic()
                again = await session.play(f"{LOST}\n\n{first}")
                usual = time.monotonic() - begun
                record = record.joined(_judged(self._seed, f"{name}, first turn again", again))
            if record.kills == kills:
                break
            in_write, tears = rng.random() < 0.5, rng.random() < 0.5
            after, writes = rng.uniform(0, usual), rng.randint(1, WRITES_MOST)
            prompt = first if number == 0 else f"{LOST}\n\nLook at part {number}."
            played = await session.play(prompt, None if in_write else after, writes if in_write else 0)
            torn = session.tear() if tears and played.killed else 0
            found = _judged(self._seed, f"{name}, run {number}", played, ended=not played.killed)
            fell = {"kills": int(played.killed), "in_write": int(in_write and played.killed), "torn": int(torn > 0)}
            record = record.joined(found.model_copy(update=fell))
        last = await session.play("Look at it once more.")
        return record.joined(_judged(self._seed, f"{name}, last turn", last))


def _judged(seed: int, name: str, played: Played, *, ended: bool = True) -> KillsRecord:
    """What one run's requests say; `ended` is False for a run that was killed."""
    asked = [call for call in played.calls if call.kind == "main"]
    refused = [call for call in played.calls if call.status >= 400]
    lost = bool(refused) or any(call.expected is not True for call in asked)
    return KillsRecord(
        seed=seed,
        resumed=int(bool(asked) and not lost),
        lost=(name,) if lost else (),
        unfinished=(name,) if ended and not (played.done and asked) else (),
    )


def claude() -> Path:
    """The binary that the product runs, from this user's cache.

    Raises:
        FileNotFoundError: it has not been fetched.
    """
    binary = ClaudeBinaries(Path.home() / ".cache" / "airut" / "claude").path()
    if not binary.exists():
        raise FileNotFoundError(f"no Claude Code at {binary}: run `airut image claude`")
    return binary
