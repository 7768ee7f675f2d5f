"""A thread that works while a browser watches: its agent's output is what the test writes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from airut.models.blob import Text
from airut.models.hosts.folders import ThreadFolders
from airut.models.threads.message import Attachment
from airut.temporal.delivery import deliver
from signals.console import console_message
from tests.dashboard.test_routes import FILE
from tests.support.installation import Installation

EVIL = "<img src=x onerror=alert(1)>"


class Work:
    """One thread with one task, whose sandbox writes on this machine."""

    def __init__(self, installation: Installation, thread: str) -> None:
        self.installation = installation
        self.thread = thread
        self._folder = ThreadFolders(state=installation.config.state).of(thread).task(1, 1)
        for name in ("out", "log"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    @classmethod
    async def begun(cls, installation: Installation, text: str) -> "Work":
        """The agent has begun, and does not end before the installation's gate is opened."""
        installation.reset()
        installation.host.gate.clear()
        file = Attachment(
            name="log of the log-in.txt", media_type="text/plain", content=await installation.blobs.put(FILE)
        )
        message = console_message("web", Text(inline=text), text.splitlines()[0], datetime.now(UTC), None)
        message = message.model_copy(update={"attachments": (file,)})
        await deliver(await installation.client(), message)
        await installation.until(lambda: bool(installation.runs(message.thread)))
        return cls(installation, message.thread)

    @property
    def path(self) -> str:
        return f"/threads/{self.thread}"

    @property
    def task(self) -> str:
        return f"{self.path}/tasks/1"

    def writes(self, *events: object) -> None:
        with (self._folder / "out" / "events.jsonl").open("a") as file:
            for event in events:
                file.write(json.dumps(event) + "\n")

    def says(self, text: str) -> None:
        self.writes(_event("assistant", {"type": "text", "text": text}))

    def calls(self, tool: str, answer: str | None = None, **given: object) -> str:
        """A tool; with its answer, where it has come."""
        call = f"toolu_{tool}_{len(str(given))}"
        self.writes(_event("assistant", {"type": "tool_use", "id": call, "name": tool, "input": given}))
        if answer is not None:
            self.answers(call, answer)
        return call

    def answers(self, call: str, text: str, failed: bool = False) -> None:
        result = {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": failed}
        self.writes(_event("user", result))

    def asks_the_network(self, *lines: Mapping[str, object]) -> None:
        with (self._folder / "log" / "network.jsonl").open("a") as file:
            for line in lines:
                usual = {"time": _now(), "kind": "http", "method": "GET", "scheme": "https", "port": 443}
                file.write(json.dumps({**usual, **line}) + "\n")


def _event(kind: str, block: object) -> object:
    return {"type": kind, "message": {"content": [block]}, "timestamp": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def a_days_work(work: Work) -> None:
    """A step of each kind."""
    work.writes({"type": "system", "subtype": "init", "session_id": "s", "model": "claude-opus"})
    work.says("I look at the **log-in** first, then at its tests.\n\n1. read the form\n2. mend it\n")
    work.calls("TodoWrite", "ok", todos=[
        {"content": "Read the form", "status": "completed"}, {"content": "Mend the log-in", "status": "in_progress"},
        {"content": "Run the tests", "status": "pending"},
    ])  # fmt: skip
    work.calls(
        "Grep",
        "src/login.py:12: def login(request):\nsrc/login.py:40: def logout(request):",
        pattern="def log",
        path="src",
    )
    work.calls(
        "Read",
        "\n".join(f"{n:>4}  line {n} of the form" for n in range(10, 60)),
        file_path="/workspace/src/login.py",
        offset=10,
        limit=50,
    )
    work.calls(
        "Edit", "The file was updated.", file_path="/workspace/src/login.py",
        old_string='def login(request):\n    user = request["user"]\n    return redirect("/")',
        new_string='def login(request):\n    user = request.form.get("user", "")\n    if not user:\n        return refuse("Who are you?")\n    return redirect("/")',
    )  # fmt: skip
    work.calls(
        "Write",
        "Written.",
        file_path="/workspace/tests/test_login.py",
        content="def test_login():\n    assert login({}) == 401\n",
    )
    work.calls(
        "WebFetch", "A page about forms.", url="https://docs.example.org/forms", prompt="How are empty fields sent?"
    )
    work.calls(
        "Task",
        "There are three callers.",
        subagent_type="Explore",
        description="Find the callers",
        prompt="Who calls login()?",
    )
    work.calls("mcp__tracker__issue", '{"state": "open"}', number=12, fields=["state", "title"])
    work.writes({"type": "system", "subtype": "status", "status": "requesting"})
    work.answers(
        work.calls("Bash", command="make test", description="Run the tests"),
        "2 failed, 40 passed\nE   AssertionError",
        failed=True,
    )
