"""The agent's part of a task: one sandbox after another until it has come to an end (spec: lifecycle §5, §7-§12)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.archive import RestoreOrder
    from airut.models.notices import reminder, still_waiting
    from airut.models.outcome import AgentOutcome, AgentVerdict, TaskOutcome
    from airut.models.question import Question
    from airut.models.reply import ReplyKind
    from airut.models.task import AgentInput, AgentResult, ImageInput, TaskStep, WorkspaceInput, WorkspaceResult
    from workflows import options, turns
    from workflows.completion import seen_through
    from workflows.outcomes import OUTCOMES, Ended, reason
    from workflows.patience import TOLD, Patience, next_wait, refused_by_provider
    from workflows.placement import HostGone
    from workflows.spending import Spending
    from workflows.steering import Steering
    from workflows.turns import Recovery, Turn

if TYPE_CHECKING:
    from workflows.task import TaskWorkflow

SANDBOXES_MOST = 5
"""A sandbox that is lost this often is lost for a reason (out of memory, a broken host): say so instead."""

FRESH = timedelta(hours=1)
"""A workspace's rules and image may be so old when a sandbox starts after a wait."""

LEAST_TIME = 10.0
"""Seconds; a sandbox cannot be given less (`limits.time`)."""


class Runs:
    """Belongs to one TaskWorkflow. What it must know to go on is in `_turn`; all else is for limits and reports."""

    def __init__(self, flow: "TaskWorkflow") -> None:
        self._flow = flow
        self._turn = Turn(note=turns.GO_ON if flow.task.retry and flow.task.retry.step == "agent" else None)
        self._told = False
        self._losses = 0
        self._ran_s = 0.0
        self._patience = Patience()
        self._tried: set[Recovery] = set()
        self._ready: tuple[WorkspaceResult, str] | None = None
        """What a short wait for the provider does not make old: a day of them must not fill the history."""
        self._spending = Spending(flow)

    async def to_the_end(self) -> WorkspaceResult:
        """Until the agent says that it is done.

        Raises:
            Ended: the task ends otherwise.
            ActivityError: a step failed for good.
        """
        flow, prepared_at = self._flow, workflow.now()
        while True:
            await self._may_go_on()
            try:
                prepared, image = self._ready or (await self._made_ready())
                await self._may_go_on()
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
        return prepared, await self._image(prepared)

    async def prepare(self) -> WorkspaceResult:
        """Workspace and image; both are safe to ask for again, and the rules are those of this moment."""
        while True:
            try:
                return await self._prepare()
            except HostGone:
                await self._move()

    async def _prepare(self) -> WorkspaceResult:
        flow, place = self._flow, self._flow.placement
        if place.host is None:
            flow.enter(TaskStep.PREPARING, "placement")
            flow.update(host=await place.claim())
            await flow.tell_thread()
            await self._restore()
        flow.enter(TaskStep.PREPARING, "workspace")
        order = WorkspaceInput(
            thread=flow.task.thread,
            repo=flow.task.repo,
            attachments=tuple(file for message in flow.task.messages for file in message.attachments),
            published=flow.task.published,
            unpublished=flow.result.stored.bundle,
        )
        summary = f"fetch {flow.task.repo}"
        workspace = await place.run(contracts.prepare_workspace, order, options.WORKSPACE, summary, flow.steering)
        flow.settings = workspace.settings or flow.settings
        place.lost_after_s = flow.settings.host_lost_after_s
        flow.notes += [note for note in workspace.notes if note not in flow.notes]
        return workspace

    async def _restore(self) -> None:
        """Onto a host that has nothing of this thread: what the blob store holds of it."""
        flow, stored = self._flow, self._flow.result.stored
        if stored.transcript is None and stored.storage is None:
            return
        order = RestoreOrder(
            thread=flow.task.thread,
            repo=flow.task.repo,
            session_id=flow.result.session_id or flow.task.session_id,
            transcript=stored.transcript,
            storage=stored.storage,
        )
        summary = "session and storage"
        restored = await flow.placement.run(contracts.restore_thread, order, options.WORKSPACE, summary, flow.steering)
        flow.notes += [f"Not brought back: {note}." for note in restored.notes]

    async def _image(self, workspace: WorkspaceResult) -> str:
        flow = self._flow
        flow.enter(TaskStep.PREPARING, "image")
        order = ImageInput(repo=flow.task.repo, policy_commit=workspace.policy.commit)
        summary = "image of .airut/container"
        image = await flow.placement.run(contracts.build_image, order, options.IMAGE, summary, flow.steering)
        return image.tag

    def _joined(self) -> bool:
        """Take in what came in the same burst, before an agent has begun; its files have to be put into the inbox."""
        flow = self._flow
        if not flow.steering.joined or not self._turn.tell:
            return False
        flow.task = flow.task.model_copy(update={"messages": (*flow.task.messages, *flow.steering.take_joined())})
        return True

    async def _run(self, workspace: WorkspaceResult, image: str) -> AgentResult:
        flow = self._flow
        left = workspace.time_limit_s - self._ran_s
        if left < LEAST_TIME:
            raise Ended(TaskOutcome.TIMED_OUT, "the time limit was reached")
        try:
            budget = await self._spending.reserve()
            flow.enter(TaskStep.AGENT, f"sandbox {flow.attempt}")
            if flow.task.number == 1:
                await flow.tell_thread()  # from now on nothing can join
            order = self._order(workspace, image, left, budget)
            agent = await flow.placement.run_agent(contracts.run_agent, order, self._options(left), flow.steering)
        except (Exception, asyncio.CancelledError):  # nobody knows what a lost sandbox has cost
            await seen_through(self._spending.settle(0.0))
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
            resume_note=turn.note if turn.note or turn.tell or turn.answered else turns.GO_ON,
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
        )

    def _options(self, seconds: float) -> ActivityConfig:
        flow = self._flow
        queue = contracts.agent_queue(flow.placement.host or "")
        config = options.at(options.AGENT, queue, f"Claude Code, sandbox {flow.attempt}", flow.task.repo)
        config["activity_id"] = f"agent-{flow.attempt}"  # predictable, so that operators can pause it by name
        # The sandbox holds the limit itself; this only ends an activity that no longer watches.
        config["start_to_close_timeout"] = timedelta(seconds=seconds + 300)
        return config

    async def _is_done(self, agent: AgentResult) -> bool:
        """What comes after this sandbox: the end, or another one as `_turn` says by then. Raises: Ended"""
        self._collect(agent)
        verdict = agent.verdict
        self._check_stop()
        if verdict.outcome is AgentOutcome.DONE:
            return True
        if verdict.outcome is AgentOutcome.STOPPED and (begun := self._flow.steering.paused_at):
            await self._may_go_on()  # a pause that was taken back meanwhile is one too
            self._again(verdict, turns.paused_note(begun, workflow.now()))
            self._flow.steering.pause_is_over()
        elif refused_by_provider(verdict):
            await self._wait_for_provider(verdict)
        elif verdict.outcome is AgentOutcome.QUESTION and verdict.question:
            await self._ask(verdict.question, agent)
        elif verdict.outcome is AgentOutcome.OUT_OF_MEMORY:
            await self._lost("out_of_memory: " + verdict.detail)
        elif recovery := self._recovery(verdict):
            self._recover(recovery)
        else:
            raise Ended(OUTCOMES[verdict.outcome], self._spending.why(verdict))
        if not refused_by_provider(verdict):
            self._patience = Patience()
        return False

    def _collect(self, agent: AgentResult) -> None:
        """Costs and what has to survive count for every sandbox, however it ended."""
        flow, verdict = self._flow, agent.verdict
        flow.agent = agent
        flow.notes += [note for note in agent.notes if note not in flow.notes]
        self._ran_s += agent.ran_s
        self._told = self._told or verdict.prompt_taken
        kept = flow.result.stored.model_copy(
            update={
                "transcript": agent.transcript or flow.result.stored.transcript,
                "bundle": agent.bundle or flow.result.stored.bundle,
            }
        )
        flow.update(usage=flow.result.usage + verdict.usage, stored=kept)

    def _again(self, verdict: AgentVerdict, note: str) -> None:
        """Go on in the same session. What was not taken in by then is told again."""
        if verdict.prompt_taken:
            self._turn = Turn(note=note, tell=False)
        else:
            self._turn = self._turn.model_copy(update={"note": note, "tell": self._turn.tell or not self._told})

    async def _failed(self, error: ActivityError) -> None:
        """A lost sandbox is made anew, an interrupted wait for one is begun again; all else is the task's end."""
        self._check_stop()
        if is_cancelled_exception(error) and self._flow.steering.paused_at:  # it had not started yet
            await self._may_go_on()
            self._flow.steering.pause_is_over()
            return
        outcome, detail = reason(error)
        if outcome is not TaskOutcome.SANDBOX_LOST or is_cancelled_exception(error):
            raise error
        await self._lost(detail, error)
        self._flow.attempt += 1

    async def _lost(self, detail: str, error: ActivityError | None = None) -> None:
        self._losses += 1
        if self._losses >= SANDBOXES_MOST:
            raise Ended(TaskOutcome.SANDBOX_LOST, f"the sandbox was lost {SANDBOXES_MOST} times: {detail}") from error
        await workflow.sleep(timedelta(seconds=2**self._losses), summary="before another sandbox")
        # Nobody knows whether it had read them: told twice is better than never.
        self._turn = self._turn.model_copy(update={"note": turns.LOST, "tell": self._turn.tell or not self._told})

    async def _move(self) -> None:
        flow = self._flow
        await flow.moved()
        await self._restore()
        flow.attempt += 1
        self._turn = self._turn.model_copy(update={"note": turns.MOVED, "tell": True})

    async def _wait_for_provider(self, verdict: AgentVerdict) -> None:
        flow, now = self._flow, workflow.now()
        wait = next_wait(verdict, self._patience, now, workflow.random().random())
        if wait.over or (flow.settings.agent_on_limit == "fail" and wait.outcome is TaskOutcome.USAGE_LIMITED):
            raise Ended(wait.outcome, verdict.detail)
        self._patience = Patience(since=self._patience.since or now, tries=self._patience.tries + 1)
        self._again(verdict, turns.WAITED)
        flow.enter(wait.step, verdict.detail[:200], wait.until)
        if wait.until - now > TOLD:
            await self._inform(still_waiting(wait.outcome, verdict.detail, wait.until))
        await self._park(wait.step, verdict.detail[:200], wait.until, lambda: False)

    def _recovery(self, verdict: AgentVerdict) -> Recovery | None:
        return turns.next_recovery(verdict.outcome, self._tried, self._flow.result.stored.transcript)

    def _recover(self, means: Recovery) -> None:
        self._tried.add(means)
        flow = self._flow
        match means:
            case "compact":
                self._turn = Turn(compact=True)
            case "restore":
                self._turn = Turn(restore=flow.result.stored.transcript, note=turns.GO_ON)
            case "summary":
                session = flow.result.session_id or flow.task.session_id
                flow.update(session_id=turns.following_session(session))
                self._turn = Turn(summary=True)
                flow.notes.append(
                    "The earlier context of this conversation could not be gone on with: it was summarised."
                )

    async def _ask(self, question: Question, agent: AgentResult) -> None:
        """Post the question, and wait for its answer as long as it takes. Raises: Ended"""
        flow, begun = self._flow, workflow.now()
        until = begun + timedelta(seconds=flow.settings.question_timeout_s)
        about = question.items[0].text[:200]
        flow.enter(TaskStep.AWAITING_ANSWER, about, until, question)
        await flow.tell_thread()  # before it is posted: no answer can come before its question is known
        await flow.release()
        try:
            await flow.tell(ReplyKind.QUESTION, "", question, agent.text)
        except ActivityError as error:
            raise Ended(TaskOutcome.REPLY_FAILED, reason(error)[1]) from error
        for seconds in (*flow.settings.reminders_s, None):
            by = until if seconds is None else min(begun + timedelta(seconds=seconds), until)
            if await self._park(TaskStep.AWAITING_ANSWER, about, by, lambda: flow.steering.answered, question):
                break
            if seconds is not None and by < until:
                await self._inform(reminder(question, begun), ReplyKind.QUESTION)
        else:
            raise Ended(TaskOutcome.QUESTION_EXPIRED, about)
        order = flow.steering.take_answer()
        if order.message:  # it is answered with the others, and its files are the agent's
            flow.task = flow.task.model_copy(update={"messages": (*flow.task.messages, order.message)})
        self._turn = Turn(tell=False, question=question, answer=order.answer, answered_by=order.message)

    async def _inform(self, text: str, kind: ReplyKind = ReplyKind.PROGRESS) -> None:
        """Nice to have: a mail server that is away must not hold the task up."""
        try:
            await self._flow.tell(kind, text, limits=options.ACKNOWLEDGE)
        except ActivityError as error:
            workflow.logger.info("not told: %s", type(error.cause).__name__)

    async def _park(
        self,
        step: TaskStep,
        detail: str,
        until: datetime,
        woken: Callable[[], bool],
        question: Question | None = None,
    ) -> bool:
        """Wait without worker, container or slot; True when woken, False when the time is over. In a pause both are
        noted and not acted on, which the next look at the pause sees to. Raises: Ended"""
        flow, steering = self._flow, self._flow.steering
        await flow.release()
        while not woken():
            self._check_stop()
            left = until - workflow.now()
            if left <= timedelta():
                break
            flow.enter(TaskStep.PAUSED if steering.paused else step, detail, until, question)
            await flow.tell_thread()
            try:
                await workflow.wait_condition(
                    _changed(steering, woken), timeout=left, timeout_summary=f"{step}: {detail[:60]}"
                )
            except TimeoutError:
                break
        self._check_stop()
        return woken()

    async def _may_go_on(self) -> None:
        """Between two steps: a stop ends the task here, a pause holds it. Raises: Ended"""
        flow, steering = self._flow, self._flow.steering
        self._check_stop()
        if not steering.paused:
            return
        before = flow.status()
        await flow.release()
        flow.enter(TaskStep.PAUSED, f"by {steering.paused_by}")
        await flow.tell_thread()
        await workflow.wait_condition(lambda: not steering.paused or steering.stopped)
        self._check_stop()
        flow.enter(before.step, before.detail)
        await flow.tell_thread()

    def _check_stop(self) -> None:
        if self._flow.steering.stopped:
            raise Ended(TaskOutcome.STOPPED, f"by {self._flow.steering.stopped_by}")
        if workflow.cancellation_reason() is not None:
            raise Ended(TaskOutcome.STOPPED, "in Temporal")


def _changed(steering: Steering, woken: Callable[[], bool]) -> Callable[[], bool]:
    paused = steering.paused
    return lambda: woken() or steering.stopped or steering.paused != paused
