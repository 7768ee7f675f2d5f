"""The agent in its sandbox, while it runs: what its output says, what it fills, and how it is ended."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import TemporalError

from activities.disk import Quota
from activities.rotation import Rotation
from activities.transcripts import Keeper
from airut import contracts
from airut.models.credentials.redaction import Redactor
from airut.models.hosts.disk import QuotaState
from airut.models.hosts.sandbox import OutputChunk, SandboxSignal
from airut.models.tasks.agent import NOTICE, AgentProgress
from airut.models.threads.steering import EndIntent
from airut.ports.agent import Agent

LAST_GRACE = 15.0
"""Seconds from SIGTERM to the kill of the whole container. Its entrypoint kills the agent 10 s after SIGTERM, and then
bundles what was committed."""

AT_ONCE = EndIntent(tool_grace_s=0.0, kill_after_s=10.0)
"""What an agent is granted whose workflow cannot be asked any more."""

ASKED = timedelta(seconds=5)
"""For the question what a cancel means: a busy control worker answers within a second, and a stop must not wait."""

PLAN_TEXT = 100
"""Characters of a line of the plan in a heartbeat, which is to stay below what is kept beside a history (16 KiB)."""

log = logging.getLogger(__name__)


class RunningAgent:
    """Implements `activities.watch.Watched`. Without a quota nobody measures what the agent writes;
    without a rotation its credentials stay as they are."""

    def __init__(
        self,
        agent: Agent,
        keeper: Keeper,
        notices: Path,
        quota: Quota | None = None,
        rotation: Rotation | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        """`notices` is the folder that the agent sees at `NOTICES`."""
        self._agent = agent
        self.keeper = keeper
        self._notices = notices
        self._quota = quota
        self._rotation = rotation
        self._redactor = redactor or Redactor()
        self._warned = False
        self.disk = QuotaState()
        self.progress = AgentProgress()

    def take(self, chunk: OutputChunk) -> None:
        self.progress = self._agent.progress(self.progress, self._redactor.data(chunk.data))  # whole lines

    @property
    def step(self) -> dict[str, object]:
        return {
            "events": self.progress.events,
            "step": self.progress.last_step,
            "plan": [{"text": item.text[:PLAN_TEXT], "state": item.state} for item in self.progress.plan],
            "cost_usd": round(self.progress.usage.cost_usd, 4),
            "disk": self.disk.used,
            "transcript": self.keeper.told,
        }

    async def tend(self) -> bool:
        self.keeper.keep_now_and_then()
        if self._rotation is not None:
            self._rotation.look()
        if self._quota is not None:
            self.disk = await self._quota.look()
        if self.disk.warn and not self._warned:
            self._warned = True
            self._tell(self.disk.warning())
        return self.disk.full

    def _tell(self, notice: str) -> None:
        """Nice to have: a disk that is full to the last byte must not end the agent."""
        new = self._notices / f".{NOTICE}"
        try:
            new.write_text(json.dumps(notice))
            new.replace(self._notices / NOTICE)
        except OSError as error:
            log.warning("the agent is not told: %s", error.strerror)

    async def largest(self) -> tuple[str, ...]:
        """The folders that hold most, for the answer to a full disk."""
        return () if self._quota is None else await self._quota.largest()

    async def signals(self) -> AsyncIterator[SandboxSignal]:
        """Freeze, where the thread wants that and the host can; else interrupt, then terminate, as the thread grants.
        The entrypoint ends the agent and still bundles what was committed; only what does not even do that is killed
        with everything."""
        intent = AT_ONCE if self.disk.full else await _intent()
        if intent.freeze:
            yield SandboxSignal.PAUSE
        await self._between_tools(intent.tool_grace_s)
        yield SandboxSignal.INTERRUPT
        await asyncio.sleep(intent.kill_after_s)
        yield SandboxSignal.TERMINATE
        await asyncio.sleep(LAST_GRACE)

    async def _between_tools(self, seconds: float) -> None:
        """A paused agent may finish the tool call that it has in hand."""
        until = asyncio.get_running_loop().time() + seconds
        while self.progress.in_tool and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110  # nobody tells us
            await asyncio.sleep(0.1)


async def _intent() -> EndIntent:
    info = activity.info()
    if info.workflow_id is None:
        return AT_ONCE
    try:
        client = activity.client()
    except RuntimeError:  # an activity without a client, as in a test of its own
        return AT_ONCE
    handle = client.get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    try:
        intent: EndIntent = await handle.query(contracts.INTENT, result_type=EndIntent, rpc_timeout=ASKED)
    except TemporalError:  # it cannot be reached, or its own code is at fault: the agent ends all the same
        return AT_ONCE
    return intent
