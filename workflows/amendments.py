"""What becomes of a message that was changed, or taken back, after it had been sent (spec: slack §6)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.threads.amendment import TOO_LATE, Amendment, changed
    from airut.models.threads.command import Submission, ThreadCommand
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.state import ThreadState
    from workflows.commands import Commands


class Changes:
    """Belongs to one ThreadWorkflow. Only what waits in the queue can be changed: what a task has taken is taken."""

    def __init__(self, state: ThreadState, commands: Commands) -> None:
        self._state = state
        self._commands = commands
        self.early: list[Amendment] = []
        """Before the archive is recalled nobody can say what is known."""

    def take_early(self) -> list[Submission]:
        """What came early; returns what is new of it."""
        early, self.early = self.early, []
        return [new for amendment in early if (new := self.take(amendment)) is not None]

    def take(self, amendment: Amendment) -> Submission | None:
        """Carry a change out, once. Returns the message where it is a new one, which the thread has to take in."""
        state, now = self._state, workflow.now()
        inbox = state.inbox
        if inbox.knows(amendment.key):
            return None
        inbox.remember(amendment.key, now)
        if (waiting := inbox.waiting(amendment.target)) is not None:
            if amendment.at > waiting.edited:
                self._amend(amendment)
        elif inbox.knows(amendment.target):
            self._is_too_late(amendment)
        elif amendment.begins:
            return amendment.becomes
        else:
            state.amendments.hold(amendment, now)
        return None

    def as_it_stands(self, submission: Submission) -> Submission | None:
        """A message that comes now, with what became known of it before; None: it was taken back by then."""
        state, now = self._state, workflow.now()
        if state.inbox.knows(submission.key):
            return submission
        amendment = state.amendments.take_held(submission.key, now)
        if amendment is None:
            return submission
        if amendment.becomes is None:
            state.inbox.remember(submission.key, now)
            state.amendments.withdraw(submission.key)
        return changed(amendment)

    def _amend(self, amendment: Amendment) -> None:
        state, target = self._state, amendment.target
        becomes = changed(amendment)
        if isinstance(becomes, InboundMessage):
            state.inbox.replace(target, becomes)
        else:
            state.inbox.withdraw(target)
            state.amendments.withdraw(target)
        state.begin_anew()
        if isinstance(becomes, ThreadCommand):
            self._commands.begin(becomes)

    def _is_too_late(self, amendment: Amendment) -> None:
        """Whoever changed it is told, alone. What was taken back is stopped by a command and by nothing else."""
        becomes = amendment.becomes
        if becomes is None or amendment.target in self._state.amendments.withdrawn:
            return
        message = becomes.message if isinstance(becomes, ThreadCommand) else becomes
        self._state.notices.tell(message, TOO_LATE, private=True)
