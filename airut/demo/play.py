"""The demo: one mail becomes a pull request and a reply, and one can watch it happen."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from email.message import EmailMessage
from pathlib import Path

from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from temporalio.client import Client
from temporalio.service import RPCError

from airut import contracts
from airut.demo.internet import Internet
from airut.demo.mailbox import compose
from airut.demo.repositories import git
from airut.demo.sample import CHANGED_AUTH, SUMMARY
from airut.demo.script import Script, bash, say, script, write
from airut.demo.stage import PERSON, REPOSITORY, ROBOT, Stage, real_model_key
from airut.models.threads.steering import TaskStatus
from airut.models.threads.thread import ThreadPhase, ThreadStatus

SUBJECT = "Add audit logging to the auth service"
TEXT = """\
Hello Airut,

please log every login attempt in src/auth.py, the failed ones too. Passwords must not show up in the log.

Ann
"""
DASHBOARD = 5200
LIMIT_SCRIPTED, LIMIT_REAL = 300.0, 1800.0 + 300.0
"""Seconds that the demo waits for the answer: the scripted model needs some ten, a real one a few minutes. After the
sandbox's time limit of half an hour there is an answer in any case."""


class Play:
    """Tells each step as it happens; `keep` leaves everything up until ctrl-C."""

    def __init__(self, folder: Path, environment: Mapping[str, str], keep: bool, console: Console) -> None:
        self._stage = Stage(folder, environment, ui_port=8233, dashboard_port=DASHBOARD)
        self._scripted = real_model_key(environment) is None
        self._limit = LIMIT_SCRIPTED if self._scripted else LIMIT_REAL
        self._keep = keep
        self._console = console
        self._begun = time.monotonic()

    async def run(self) -> bool:
        """Play it; False when the answer did not come or says that the task failed."""
        console = self._console
        console.rule("[bold]Airut: a mail becomes a pull request")
        async with self._stage as stage:
            self._say("mail server, git host and forge are up (all on this machine)")
            if self._scripted:
                await Internet.from_environment().register(stage.model_key, scripted())
                self._say("the model is scripted; set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN to use the real one")
            await stage.up()
            self._say(
                f"airut up: Temporal, control worker, sandbox host, intake, dashboard http://127.0.0.1:{DASHBOARD}"
            )
            mail = compose(PERSON, ROBOT, SUBJECT, TEXT)
            await stage.send(mail)
            self._say(f"{PERSON} sends a mail: {SUBJECT!r}")
            client = await stage.client()
            thread = await self._follow(client)
            replies = await stage.mailbox(PERSON).wait_for(2, limit=30)
            self._show(thread, replies[-1])
            outcome = thread.recent[-1].outcome
            took = f"{time.monotonic() - self._begun:.0f} s"
            self._say(f"done in {took}" if outcome.did_its_job else f"the task ended as {outcome} after {took}")
            if self._keep:
                self._say("everything stays up; ctrl-C ends it")
                await asyncio.Event().wait()
            return outcome.did_its_job

    def _say(self, text: str) -> None:
        self._console.print(Text(f"{time.monotonic() - self._begun:6.1f} s  ", style="dim") + Text(text))

    async def _follow(self, client: Client) -> ThreadStatus:
        """Tell every step of the task until the thread is idle again."""
        thread = await _until(lambda: _newest_thread(client))
        self._say(f"thread {thread} is a workflow now")
        told = ""
        while True:
            status: ThreadStatus = await client.get_workflow_handle(thread).query(
                contracts.STATUS, result_type=ThreadStatus
            )
            if status.task is not None:
                step = await _step(client, status.task)
                if step and step != told:
                    told = step
                    self._say(step)
            if status.phase is ThreadPhase.IDLE and status.recent:
                return status
            if time.monotonic() - self._begun > self._limit:
                raise TimeoutError(f"no answer within {self._limit:g} s; see {self._stage.folder / 'airut.log'}")
            await asyncio.sleep(0.1)

    def _show(self, thread: ThreadStatus, reply: EmailMessage) -> None:
        console = self._console
        plain = reply.get_body(("plain",))
        head = Table.grid(padding=(0, 1))
        for name in ("From", "To", "Subject", "In-Reply-To", "Auto-Submitted"):
            head.add_row(Text(name, style="dim"), Text(str(reply[name])))
        content = str(plain.get_content()).replace("\r\n", "\n") if plain else ""
        words, _, footer = content.rpartition("\n---\n")
        body = Group(head, "", Markdown(words), "", Text(footer.strip(), style="dim"))
        console.print(Panel(body, title="the reply, as received"))
        if thread.pull_request and thread.branch:
            repository = self._stage.repositories / f"{REPOSITORY}.git"
            pull = self._stage.forge.pulls(REPOSITORY).get(thread.pull_request.number)
            diff = git(repository, "diff", f"main...{thread.branch}")
            console.print(
                Panel(
                    Group(Text(f"#{pull.number} {pull.title}", style="bold"), Syntax(diff, "diff", word_wrap=True)),
                    title=f"the pull request · {pull.head} → {pull.base}",
                )
            )
        console.print(Panel(self._access_log(thread), title="what the sandbox asked for"))
        self._say(f"the dashboard: http://127.0.0.1:{DASHBOARD}")
        self._say(f"the Temporal UI: http://127.0.0.1:{self._stage.ui_port}/namespaces/airut/workflows/")

    def _access_log(self, thread: ThreadStatus) -> Table:
        """One line for each kind of request, with what the proxy did about it."""
        table = Table("request", "decision", "swapped in", box=None)
        folder = self._stage.folders.of(thread.thread).task(thread.tasks, 1)
        seen: set[tuple[str, ...]] = set()
        for line in (folder / "log" / "network.jsonl").read_text().splitlines():
            entry = json.loads(line)
            if entry.get("kind") != "http":
                continue
            request = f"{entry['method']} {entry['host']}{entry['path']}"
            decision = entry["decision"] if entry["decision"] == "allowed" else f"blocked: {entry['reason']}"
            row = (request[:70], decision, ", ".join(entry.get("credentials") or []))
            if row not in seen:
                seen.add(row)
                table.add_row(*row, style="red" if entry["decision"] == "blocked" else "")
        return table


def needs_lab(environment: Mapping[str, str]) -> bool:
    """Whether there is no model to talk to: neither a real one's credential nor the lab with its stand-in."""
    return real_model_key(environment) is None and "AIRUT_LAB_CONTROL" not in environment


def scripted() -> Script:
    """What the model of the demo does: look, change, commit, be refused once, use a credential, say so."""
    return script(
        bash("cat src/auth.py", "I'll look at the auth service first."),
        write("/workspace/src/auth.py", CHANGED_AUTH),
        bash(
            'cd /workspace && python3 -c \'import sys; sys.path.insert(0, "src"); import auth; auth.login("ann", "x")\''
        ),
        bash('curl -sS -H "Authorization: Bearer $SERVICE_TOKEN" https://echo.example.com/v1/status'),
        bash("curl -sS https://telemetry.example.net/collect"),
        bash(
            "cd /workspace && git add -A && git commit -q -m 'Log every login attempt' && git log --oneline | head -1"
        ),
        say(SUMMARY),
    )


async def _newest_thread(client: Client) -> str | None:
    async for execution in client.list_workflows(f"WorkflowType = '{contracts.THREAD_WORKFLOW}'", limit=1):
        return execution.id
    return None


async def _step(client: Client, task: str) -> str:
    try:
        status: TaskStatus = await client.get_workflow_handle(task).query(contracts.STATUS, result_type=TaskStatus)
    except RPCError:
        return ""  # it has not begun
    return f"{status.step}: {status.detail}" if status.detail else str(status.step)


async def _until[Found](look: Callable[[], Awaitable[Found | None]]) -> Found:
    """Look again until there is something."""
    while (found := await look()) is None:  # noqa: ASYNC110  # nobody tells us
        await asyncio.sleep(0.1)
    return found
