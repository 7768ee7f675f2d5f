"""Whose answer it is that the open task waits for (spec: lifecycle §7): the first one, however it comes."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from airut.models.questions.answer_parsing import ordered_answer
    from airut.models.questions.late_answer import as_message
    from airut.models.questions.question import Question
    from airut.models.threads.command import AnswerOrder
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.notices import TIMED
    from airut.models.threads.records import AnswerRecord
    from airut.models.threads.state import ANSWERS_KEPT, ThreadState
    from airut.models.threads.steering import TaskOrder
    from workflows.commands import Commands


class Answers:
    """Belongs to one ThreadWorkflow; `orders` are what its open task is to be told."""

    def __init__(self, state: ThreadState, commands: Commands, orders: list[TaskOrder]) -> None:
        self._state = state
        self._commands = commands
        self._orders = orders
        self._last: tuple[str, int] | None = None
        """The question that was answered last. An id can come twice; the number tells the two apart."""

    def begin(self) -> None:
        """Another task."""
        self._last = None

    @property
    def awaited(self) -> bool:
        return self._open is not None

    @property
    def _open(self) -> Question | None:
        task, told = self._commands.task, self._commands.status
        if task is None or told is None or told.question is None or self._state.closing:
            return None  # what comes after a close is for the thread's next life
        return told.question if (told.question.id, told.asked) != self._last else None

    def take(self, message: InboundMessage) -> None:
        """A message is the answer. The first one counts; what comes after it is queued."""
        self._pass_on(TaskOrder(name="answer", author=message.author, message=message))

    def give(self, order: AnswerOrder) -> None:
        """The same for one that was given ready-made, and checked."""
        task, question = self._commands.task, self._open
        if task is None or question is None or self._state.inbox.knows(order.key):
            return
        self._state.inbox.remember(order.key, workflow.now())
        answer = ordered_answer(question, order)
        late = as_message(order, question, answer, task.messages[-1], workflow.now())
        self._pass_on(TaskOrder(name="answer", author=order.author, answer=answer, late=late))

    def check(self, order: AnswerOrder) -> None:
        """Raises: ApplicationError: the question is not open, or this does not answer it"""
        if self._state.inbox.knows(order.key):
            return
        question = self._open
        task = self._commands.task
        of_another = task is not None and order.task not in (None, task.number)
        if question is None or question.id != order.question_id or of_another:
            raise _refused(self._why_over(order.question_id), "no_question")
        try:
            ordered_answer(question, order)
        except ValueError as error:
            raise _refused(f"This is no answer to it: {error}.", "no_answer") from error

    def _why_over(self, question_id: str) -> str:
        given = next((each for each in reversed(self._state.answered) if each.question_id == question_id), None)
        if given is not None:
            return f"Already answered by {given.author}, {given.at:{TIMED}}."
        return "That question is not open any more."

    def _pass_on(self, order: TaskOrder) -> None:
        told, state = self._commands.status, self._state
        if told is not None and told.question is not None:
            self._last = (told.question.id, told.asked)
            record = AnswerRecord(question_id=told.question.id, author=order.author, at=workflow.now())
            state.answered = (*state.answered, record)[-ANSWERS_KEPT:]
        self._orders.append(order)


def _refused(words: str, kind: str) -> ApplicationError:
    return ApplicationError(words, type=kind, non_retryable=True)
