"""What each thread command does, and when it has reached its state (spec: lifecycle §6). Pure but for the clock."""

from collections.abc import Callable
from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.retry import RetryOrder
    from airut.models.tasks.task import TaskInput, TaskResult, TaskStep
    from airut.models.threads.command import CommandName, RetryStep, ThreadCommand
    from airut.models.threads.notices import TIMED, dropped, help_text, nothing_to, waiting
    from airut.models.threads.state import ThreadState
    from airut.models.threads.steering import TaskOrder, TaskStatus


class Commands:
    """Carries commands out on the state of one thread. `order` passes something on to the open task."""

    def __init__(self, state: ThreadState, order: Callable[[TaskOrder], None]) -> None:
        self._state = state
        self._order = order
        self.task: TaskInput | None = None
        """The open task."""
        self.status: TaskStatus | None = None
        """What it told last."""

    def begin(self, command: ThreadCommand) -> None:
        """Do what can be done at once; the rest waits in `pending` until `settle` finds it done."""
        if command.name not in {CommandName.HELP, CommandName.STATUS} and not self._state.has_begun:
            self._say(command, nothing_to(command.name, "this conversation has no task yet."))
            return
        if command.task is not None and (self.task is None or self.task.number != command.task):
            self._say(command, self._state.over(command.task))
            return
        if command.name is CommandName.PAUSE and self._state.closing:
            self._say(command, nothing_to(command.name, "the conversation is being closed."))
            return
        match command.name:
            case CommandName.HELP:
                self._say(command, command.said or help_text(command.unknown))
            case CommandName.STATUS:
                self._say(command, self.summary())
            case CommandName.PAUSE:
                self._pause(command)
            case CommandName.RESUME:
                self._resume(command)
            case CommandName.STOP:
                self._stop(command)
            case CommandName.RETRY:
                self._retry(command)
            case CommandName.CLOSE:
                self._close(command)
        self.settle()

    def settle(self) -> None:
        """Answer the commands whose state is reached by now. A close is answered by the thread's end."""
        for command in tuple(self._state.pending):
            said = None
            if command.name is CommandName.PAUSE and self._has_paused(command):
                said = f"{self._name()} is paused. {self._frozen()}{waiting(len(self._state.inbox.queue))} "
                said += "`resume` goes on."
            elif command.name is CommandName.STOP and self.task is None:
                said = self._stopped()
            if said is not None:
                self._state.pending.remove(command)
                self._say(command, said)

    def summary(self) -> str:
        """The state in a few lines."""
        state = self._state
        lines = [f"{self._name()} is {self._state_in_words()}. {waiting(len(state.inbox.queue))}"]
        if self.status and self.status.question and self.task:
            lines.append(f"The agent waits for an answer: {self.status.question.items[0].text}")
        if state.recent:
            lines.append(f"The last task, {state.recent[-1].number}, ended as `{state.recent[-1].outcome}`.")
        if state.pull_request:
            lines.append(f"Pull request: [#{state.pull_request.number}]({state.pull_request.url}).")
        if state.usage.cost_usd:
            lines.append(f"Cost so far: ${state.usage.cost_usd:.2f} in {state.usage.turns} turns.")
        return "\n".join(f"- {line}" for line in lines)

    def next_command(self) -> str:
        if self._state.paused:
            return "resume"
        if self.task is None and self._state.last and not self._state.last.result.outcome.did_its_job:
            return "retry"
        return "answer" if self.status and self.status.question and self.task else ""

    def _state_in_words(self) -> str:
        if paused := self._state.paused:
            frozen = f", its agent frozen until {self.status.until:{TIMED}}" if self._frozen() and self.status else ""
            return f"paused since {paused.at:{TIMED}} by {paused.author}{frozen}"
        if self._state.closing:
            return "being closed"
        if self.task is None:
            return "idle"
        step = f" ({self.status.step.replace('_', ' ')})" if self.status else ""
        until = f" until {self.status.until:{TIMED}}" if self.status and self.status.until else ""
        return f"running task {self.task.number}{step}{until}"

    def _name(self) -> str:
        return f"The conversation ({self._state.subject})" if self._state.subject else "The conversation"

    def _has_paused(self, command: ThreadCommand) -> bool:
        """Whether this pause has reached its state: one that may freeze nothing waits for the agent's end."""
        if self.task is None:
            return True
        held = self.status is not None and self.status.step is TaskStep.PAUSED
        return held and (command.freeze or not self._frozen())

    def _frozen(self) -> str:
        """What is said of an agent that stands frozen, with a space behind."""
        if not (self.task and self.status and self.status.frozen and self.status.until):
            return ""
        return f"Its agent is frozen until {self.status.until:{TIMED}}, and is interrupted then. "

    def _pause(self, command: ThreadCommand) -> None:
        if (paused := self._state.paused) is None:
            self._state.hold(workflow.now(), command.author)
            self._pass_on("pause", command)
            self._state.pending.append(command)
        elif self._has_paused(command):
            state = f"the conversation is paused since {paused.at:{TIMED}} by {paused.author}."
            self._say(command, nothing_to(command.name, state))
        else:
            if not command.freeze:
                self._pass_on("pause", command)
            self._state.pending.append(command)

    def _resume(self, command: ThreadCommand) -> None:
        state = self._state
        if state.paused is None:
            self._say(command, nothing_to(command.name, f"the conversation is {self._state_in_words()}."))
            return
        state.paused, state.quiet_since, state.warned = None, workflow.now(), False
        for overtaken in [each for each in state.pending if each.name is CommandName.PAUSE]:
            state.pending.remove(overtaken)
            self._say(overtaken, f"{command.author} has resumed the conversation before it had paused.")
        self._pass_on("resume", command)
        if self.task:
            said = f"Task {self.task.number} goes on. {waiting(len(state.inbox.queue))}"
        else:
            said = f"The conversation is no longer paused. {waiting(len(state.inbox.queue))}"
        self._say(command, said)

    def _stop(self, command: ThreadCommand) -> None:
        if self.task is None:
            self._say(command, nothing_to(command.name, f"the conversation is {self._state_in_words()}."))
            return
        self._pass_on("stop", command)
        self._state.pending.append(command)

    def _stopped(self) -> str:
        state = self._state
        number, outcome = (
            (state.recent[-1].number, state.recent[-1].outcome) if state.recent else (state.tasks, "stopped")
        )
        said = f"Task {number} ended as `{outcome}`."
        if state.inbox.queue and state.paused:
            said += f" {waiting(len(state.inbox.queue))} `resume` starts a task with it, `close` ends the conversation."
        elif state.inbox.queue and not state.closing:  # it had come to its end before it could be stopped
            said += f" {waiting(len(state.inbox.queue))} The next task begins with it."
        return said

    def _retry(self, command: ThreadCommand) -> None:
        order = RetryOrder(key=command.key, author=command.author, step=RetryStep.PREPARE, operator=False)
        if refused := self._state.why_not_retry(order, running=self.task is not None):
            self._say(command, refused[1])
            return
        self._state.retry = order
        before = self._state.last.input.number if self._state.last else self._state.tasks
        self._say(command, f"Task {self._state.tasks + 1} does task {before} again.")

    def _close(self, command: ThreadCommand) -> None:
        self._state.close()
        self._pass_on("stop", command)
        self._state.pending.append(command)

    def closed(self, losses: tuple[str, ...]) -> None:
        """The thread has come to its end: whoever closed it is told, with what was dropped and what is lost."""
        lost = "".join(f"\n- {loss}" for loss in losses)
        said = "The conversation is closed. A later message begins it again from what was kept." + (
            f"\n\nThis could not be kept:\n{lost}" if lost else ""
        )
        said += dropped(self._state.dropped)
        for command in self._state.pending:
            self._say(command, said)
        self._state.pending.clear()
        self._state.dropped = ()

    def hold_after(self, result: TaskResult) -> None:
        """After a stop the queue does not start by itself."""
        state = self._state
        stop = next((each for each in state.pending if each.name is CommandName.STOP), None)
        if stop is None or result.outcome is not TaskOutcome.STOPPED:
            return
        if state.inbox.queue and not state.paused and not state.closing:
            state.hold(workflow.now(), stop.author)

    def _pass_on(self, name: Literal["pause", "resume", "stop"], command: ThreadCommand) -> None:
        if self.task:
            self._order(TaskOrder(name=name, author=command.author, freeze=command.freeze))

    def _say(self, command: ThreadCommand, said: str) -> None:
        self._state.carried_out(command, said, workflow.now())
