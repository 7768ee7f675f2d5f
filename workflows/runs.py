"""The agent's part of a task: one sandbox after another until it has come to an end (spec: lifecycle §5, §7-§12)."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, TaskOutcome
    from airut.models.tasks.steps import AgentInput, WorkspaceResult
    from airut.models.tasks.task import AgentResult, TaskStep
    from airut.models.threads.notices import still_waiting
    from workflows import turns
    from workflows.accounts import Accounts
    from workflows.completion import seen_through
    from workflows.flow import Flow
    from workflows.freezes import Freezes
    from workflows.gathered import Gathered
    from workflows.holds import Holds
    from workflows.outcomes import OUTCOMES, Ended, reason
    from workflows.patience import TOLD, Patience, next_wait, refused_by_provider
    from workflows.placement import HostGone, was_interrupted
    from workflows.preparation import Preparation
    from workflows.spending import Spending
    from workflows.turns import Recovery, Turn

SANDBOXES_MOST = 5
"""A sandbox that is lost this often is lost for a reason (out of memory, a broken host): say so instead."""

FRESH = timedelta(hours=1)
"""A workspace's rules and image may be so old when a sandbox starts after a wait."""

EVENTS_MOST = 40_000
"""Of a task's history: Temporal terminates a workflow at 51,200, which would be an end without a word."""

LEAST_TIME = 10.0
"""Seconds; a sandbox cannot be given less (`limits.time`)."""


class Runs:
    """Belongs to one open task. What it must know to go on is in `_turn`; all else is for limits and reports."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._preparation = Preparation(flow)
        self._holds = Holds(flow)
        self._turn = Turn(note=turns.GO_ON if flow.task.retry and flow.task.retry.step == "agent" else None)
        self._losses = 0
        self._gathered = Gathered(flow)
        self._freezes = Freezes(flow, self._gathered)
        self._patience = Patience()
        self._accounts = Accounts()
        self._informed = False
        """Of this outage: a day of them must not become a mail every half hour."""
        self._tried: set[Recovery] = set()
        self._ready: tuple[WorkspaceResult, str] | None = None
        """What a short wait for the provider does not make old: a day of them must not fill the history."""
        self._spending = Spending(flow, self._holds)

    async def to_the_end(self) -> WorkspaceResult:
        """Until the agent says that it is done.

        Raises:
            Ended: the task ends otherwise.
            ActivityError: a step failed for good.
        """
        flow, prepared_at = self._flow, workflow.now()
        while True:
            self._check_length()
            await self._holds.may_go_on()
            try:
                prepared, image = self._ready or (await self._made_ready())
                await self._holds.may_go_on()
                if self._joined():
                    self._ready = None
                    continue
                self._ready = None
                agent = await self._run(prepared, image)
            except HostGone:
                await self._move()
                continue
            except ActivityError as error:
                await self._failed(error)
                continue
            if await self._is_done(agent):
                return prepared
            if self._patience.since and workflow.now() - prepared_at < FRESH:
                self._ready = (prepared, image)
            else:
                prepared_at = workflow.now()
            flow.attempt += 1

    async def _made_ready(self) -> tuple[WorkspaceResult, str]:
        prepared = await self.prepare()
        return prepared, await self._preparation.image(prepared)

    async def prepare(self) -> WorkspaceResult:
        """Workspace and image; both are safe to ask for again, and the rules are those of this moment."""
        while True:
            try:
                return await self._preparation.workspace()
            except HostGone:
                await self._move()
            except ActivityError as error:
                if not await self._was_paused(error):
                    raise

    def _check_length(self) -> None:
        if workflow.info().get_current_history_length() > EVENTS_MOST:
            raise Ended(TaskOutcome.TIMED_OUT, "it has taken as many steps as one task can")

    def _joined(self) -> bool:
        """Take in what came in the same burst, before an agent has begun; its files have to be put into the inbox."""
        flow = self._flow
        if not flow.steering.joined or not self._turn.tell:
            return False
        flow.task = flow.task.model_copy(update={"messages": (*flow.task.messages, *flow.steering.take_joined())})
        return True

    async def _run(self, workspace: WorkspaceResult, image: str) -> AgentResult:
        flow = self._flow
        left = workspace.time_limit_s - self._gathered.ran_s
        if left < LEAST_TIME:
            raise Ended(TaskOutcome.TIMED_OUT, "the time limit was reached")
        try:
            flow.granted_usd = budget = await self._spending.reserve()
            flow.enter(TaskStep.AGENT, f"sandbox {flow.attempt}")
            if flow.task.number == 1:
                await flow.tell_thread()  # from now on nothing can join
            order = self._order(workspace, image, left, budget)
            agent = await self._freezes.run(order, left)
        except (Exception, asyncio.CancelledError) as error:
            lost = self._gathered.of_lost(error)
            if lost.prompt_taken:
                self._turn = Turn(tell=False)
            await seen_through(self._spending.settle(lost.usage.cost_usd))
            raise
        await seen_through(self._spending.settle(agent.verdict.usage.cost_usd))
        return agent

    def _order(self, workspace: WorkspaceResult, image: str, left: float, budget: float | None) -> AgentInput:
        flow, turn = self._flow, self._turn
        return AgentInput(
            task=flow.task,
            attempt=flow.attempt,
            image=image,
            policy=workspace.policy,
            base=workspace.base,
            inbox=workspace.inbox,
            resume_note=turns.first_words(turn, workspace.brought, flow.task.merged),
            tell=turn.tell,
            session_id=flow.result.session_id,
            question=turn.question,
            answer=turn.answer,
            answered_by=turn.answered_by,
            compact=turn.compact,
            restore=turn.restore,
            summary=turn.summary,
            budget_usd=budget,
            time_left_s=left,
            plan_approval=flow.settings.plan_approval,
            account=self._accounts.current,
            freeze_s=flow.settings.freeze_s,
        )

    async def _is_done(self, agent: AgentResult) -> bool:
        """What comes after this sandbox: the end, or another one as `_turn` says by then. Raises: Ended"""
        self._gathered.of_ended(agent)
        verdict = agent.verdict
        self._holds.check_stop()
        if verdict.outcome is AgentOutcome.DONE:
            return True
        if verdict.outcome is AgentOutcome.STOPPED and (begun := self._flow.steering.paused_at):
            await self._holds.may_go_on()  # a pause that was taken back meanwhile is one too
            self._again(verdict, turns.paused_note(begun, workflow.now()))
            self._flow.steering.pause_is_over()
        elif refused_by_provider(verdict):
            await self._wait_for_provider(verdict)
        elif verdict.outcome is AgentOutcome.QUESTION and verdict.question:
            order = await self._holds.ask(verdict.question, agent)
            self._turn = Turn(tell=False, question=verdict.question, answer=order.answer, answered_by=order.message)
        elif verdict.outcome is AgentOutcome.OUT_OF_MEMORY:
            await self._lost("out_of_memory: " + verdict.detail)
        elif recovery := self._recovery(verdict):
            self._recover(recovery, verdict)
        else:
            raise Ended(OUTCOMES[verdict.outcome], self._spending.why(verdict))
        if not refused_by_provider(verdict):
            self._patience, self._informed = Patience(), False
        return False

    def _again(self, verdict: AgentVerdict, note: str) -> None:
        """Go on in the same session. What was not taken in by then is told again."""
        if verdict.prompt_taken:
            self._turn = Turn(note=note, tell=False)
        else:
            self._turn = self._turn.model_copy(
                update={"note": note, "tell": self._turn.tell or not self._gathered.told}
            )

    async def _failed(self, error: ActivityError) -> None:
        """A lost sandbox is made anew, an interrupted wait for one is begun again; all else is the task's end."""
        outcome, detail = reason(error)
        if await self._was_paused(error):
            if not is_cancelled_exception(error):  # its worker went while it was to end: nobody knows how far it came
                self._after_loss()
        elif outcome is TaskOutcome.SANDBOX_LOST and not is_cancelled_exception(error):
            await self._lost(detail, error)
        else:
            raise error
        self._flow.attempt += 1

    async def _was_paused(self, error: ActivityError) -> bool:
        """Whether it was a pause that ended this step; then that is over by now. Raises: Ended"""
        self._holds.check_stop()
        if self._flow.steering.paused_at is None or not was_interrupted(error):
            return False
        await self._holds.may_go_on()
        self._flow.steering.pause_is_over()
        return True

    async def _lost(self, detail: str, error: ActivityError | None = None) -> None:
        self._losses += 1
        if self._losses >= SANDBOXES_MOST:
            raise Ended(TaskOutcome.SANDBOX_LOST, f"the sandbox was lost {SANDBOXES_MOST} times: {detail}") from error
        await workflow.sleep(timedelta(seconds=2**self._losses), summary="before another sandbox")
        self._after_loss()

    def _after_loss(self) -> None:
        """Where nobody knows whether the agent had read them: told twice is better than never."""
        self._turn = self._turn.model_copy(
            update={"note": turns.LOST, "tell": self._turn.tell or not self._gathered.told}
        )

    async def _move(self) -> None:
        """To another host, and on to the next one where that goes away too. Raises: Ended, ActivityError"""
        flow = self._flow
        while True:
            try:
                await flow.moved(flow.steering)
                await self._preparation.restore()
                break
            except HostGone:
                continue
            except ActivityError as error:
                if not await self._was_paused(error):
                    raise
        flow.attempt += 1
        self._turn = self._turn.model_copy(update={"note": turns.MOVED, "tell": True})

    async def _wait_for_provider(self, verdict: AgentVerdict) -> None:
        flow, now = self._flow, workflow.now()
        wait = next_wait(verdict, self._patience, now, workflow.random().random())
        if wait.over or (flow.settings.agent_on_limit == "fail" and wait.outcome is TaskOutcome.USAGE_LIMITED):
            raise Ended(wait.outcome, verdict.detail)
        self._again(verdict, turns.WAITED)
        if flow.settings.agent_on_limit == "next" and wait.outcome is TaskOutcome.USAGE_LIMITED:
            self._accounts, until = self._accounts.after_limit(flow.settings.agent_accounts, wait.until, now)
            if until is None:
                return
            wait = wait.model_copy(update={"until": until})
        self._patience = Patience(since=self._patience.since or now, tries=self._patience.tries + 1)
        flow.enter(wait.step, verdict.detail[:200], wait.until)
        if wait.until - now > TOLD and not self._informed:
            self._informed = True
            await self._holds.inform(still_waiting(wait.outcome, verdict.detail, wait.until))
        await self._holds.park(wait.step, verdict.detail[:200], wait.until, lambda: False)

    def _recovery(self, verdict: AgentVerdict) -> Recovery | None:
        return turns.next_recovery(verdict.outcome, self._tried, self._flow.result.stored.transcript)

    def _recover(self, means: Recovery, verdict: AgentVerdict) -> None:
        self._tried.add(means)
        flow = self._flow
        self._turn = turns.recovering(self._turn, means, flow.result.stored.transcript, taken=verdict.prompt_taken)
        if means == "summary":
            session = flow.result.session_id or flow.task.session_id
            flow.update(session_id=turns.following_session(session))
            flow.notes.append("The earlier context of this conversation could not be gone on with: it was summarised.")
