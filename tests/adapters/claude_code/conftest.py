"""The real Claude Code, run as in a sandbox but for the places."""

import asyncio
import contextlib
import os
import shutil
import signal
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.claude_code.agent import ClaudeCode
from airut.adapters.claude_code.asking import LOCK
from airut.adapters.claude_code.binary import ClaudeBinaries
from airut.adapters.claude_code.command import BINARY, FILES
from airut.adapters.claude_code.telling import TOLD
from airut.demo.http import HttpServer
from airut.demo.script import Script, Step, say
from airut.demo.scripted_model import ScriptedModel
from airut.models.hosts.sandbox import ExitStatus
from airut.models.tasks.agent import NOTICES, AgentProgress, AgentRun
from airut.models.tasks.outcome import AgentVerdict

KEY = "sk-ant-api03-real"


class Cli:
    """`home` is the agent's, `workspace` holds the repository, `ran` gets a file for each planted command that ran."""

    def __init__(self, binary: Path, model: ScriptedModel, url: str, place: Path) -> None:
        self.binary, self.model, self.url, self.place = binary, model, url, place
        self.home = place / "home"
        self.progress = AgentProgress()
        for name in ("workspace", "ran", "notices"):
            (place / name).mkdir()
        self.sessions = self.home / "projects" / "-workspace"
        self.sessions.mkdir(parents=True)
        # In a sandbox the workspace is /workspace, which names the folder of its sessions.
        own = "".join(letter if letter.isalnum() else "-" for letter in str(place / "workspace"))
        (self.home / "projects" / own).symlink_to(self.sessions)

    def script(self, *steps: Step) -> None:
        self.model.register(KEY, Script(steps=steps))

    async def play(
        self,
        session: uuid.UUID,
        *,
        prompt: str = "Do it.",
        kill_after: str | None = None,
        at_once: bool = False,
        kill_at: float | None = None,
        **more: object,
    ) -> AgentVerdict:
        """One run to its end; or, with `kill_after`, killed when its output has had that text, and its transcript as
        well unless `at_once`; or, with `kill_at`, so many seconds after its start."""
        agent = ClaudeCode()
        fields = {"session_id": str(session), "prompt": prompt, "system_prompt": "Rules.", "home": self.home, **more}
        made = agent.command(AgentRun.model_validate(fields))
        self._fresh("files", made.files)
        argv = [self._here(word) for word in made.argv]
        process = await asyncio.create_subprocess_exec(
            *argv, env={**made.environment, **self._environment()}, cwd=self.place / "workspace",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            start_new_session=True, limit=2**24,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(made.stdin.encode())
        process.stdin.close()
        self.progress = AgentProgress()
        if kill_at is not None:
            asyncio.get_running_loop().call_later(kill_at, _kill, process.pid)
        async with asyncio.timeout(60):
            async for line in process.stdout:
                self.progress = agent.progress(self.progress, line)
                if kill_after and kill_after in line.decode():
                    while not at_once and not any(kill_after in text for text in self.transcripts):
                        await asyncio.sleep(0.02)  # it is written some 100 ms behind the stream
                    _kill(process.pid)
            stderr = await process.stderr.read() if process.stderr else b""
            code = await process.wait()
        return agent.verdict(self.progress, ExitStatus(code=code), stderr.decode())

    @property
    def transcripts(self) -> list[str]:
        return [path.read_text(errors="replace") for path in self.sessions.iterdir()]

    def _here(self, word: str) -> str:
        return word.replace(FILES, str(self.place / "files")).replace(BINARY, str(self.binary))

    def _fresh(self, name: str, files: dict[str, str]) -> None:
        """Each run has its own files and its own /tmp, as each container has."""
        for folder in (self.place / name, self.place / "tmp"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        for file, text in files.items():
            (self.place / name / file).write_text(self._places(text))

    def _places(self, text: str) -> str:
        here = {LOCK: self.place / "tmp" / "asked", TOLD: self.place / "tmp" / "told", NOTICES: self.place / "notices"}
        for place, own in here.items():
            text = text.replace(place, str(own))
        return text

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.place), "CLAUDE_CONFIG_DIR": str(self.home),
            "TMPDIR": str(self.place / "tmp"), "ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": KEY,
        }  # fmt: skip


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


@pytest.fixture
def claude() -> Path:
    binary = ClaudeBinaries(Path.home() / ".cache" / "airut" / "claude").path()
    if not binary.exists():
        pytest.skip(f"no Claude Code at {binary}: run `airut image claude`")
    return binary


@pytest.fixture
def model() -> ScriptedModel:
    model = ScriptedModel()
    model.register(KEY, Script(steps=(say("first"), say("second"))))
    return model


@pytest.fixture
async def cli(claude: Path, model: ScriptedModel, tmp_path: Path) -> AsyncIterator[Cli]:
    async with HttpServer(model.handle) as server:
        yield Cli(claude, model, server.url, tmp_path)
