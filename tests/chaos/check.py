"""What must hold after a kill, over records alone: so that it can be shown that each rule can fail."""

from collections import Counter
from collections.abc import Iterable

from airut.models.base import Model


class CellRecord(Model):
    """One task that was in `step` while `component` was killed, counted when everything had come to rest."""

    component: str
    step: str
    token: str
    answers: tuple[str, ...] = ()
    """The Message-ID of each answer that arrived for its mail, in order; a mail that arrived twice stands there twice."""
    effects: int = 0
    """How often the agent's work was done: lines that it appended to the thread's storage."""
    pull_requests: int = 0
    branches: int = 0
    """Branches of the remote that hold the agent's commit."""
    outcome: str | None = None
    """None: the task has not come to an end."""
    took: float = 0.0
    """Seconds from the mail to its answer."""

    @property
    def replies(self) -> int:
        """Different answers: what a person sees, since mail programs and servers drop doubles by their Message-ID."""
        return len(set(self.answers))

    @property
    def repeated(self) -> int:
        """Times that an answer arrived again, byte for byte under its Message-ID."""
        return len(self.answers) - self.replies


class Rest(Model):
    """What is there when every task of a run has come to its end."""

    unprocessed: int = 0
    """Mails that still wait in the product's mailbox."""
    set_aside: int = 0
    """Mails of an authorized person that it rejected, or could not read."""
    leaked: tuple[str, ...] = ()
    """Where a real secret was found."""
    left_over: tuple[str, ...] = ()
    """Containers, networks and files of tasks that have ended."""
    violations: tuple[str, ...] = ()
    """Requests that are none by the forge's own description."""


MAY_REPEAT = frozenset({"replying"})
"""The step in which the server may have taken the answer while nobody knows it. Without a folder of sent mails to look
into, it goes out again under the same Message-ID (spec: email §10)."""


def wrong(cell: CellRecord) -> tuple[str, ...]:
    """What is not as it must be, in words; nothing where all is well."""
    found: list[str] = []
    if cell.outcome != "success":
        found.append(f"outcome {cell.outcome or 'none: the task did not end'}")
    for name, count in (
        ("replies", cell.replies),
        ("effects", cell.effects),
        ("pull requests", cell.pull_requests),
        ("branches", cell.branches),
    ):
        if count != 1:
            found.append(f"{count} {name}")
    if cell.repeated and cell.step not in MAY_REPEAT:
        found.append(f"the same answer came {cell.repeated + 1} times")
    return tuple(found)


def wrong_at_rest(rest: Rest) -> tuple[str, ...]:
    """The same for a run as a whole."""
    found: list[str] = []
    if rest.unprocessed or rest.set_aside:
        found.append(f"{rest.unprocessed} mails lost in the mailbox, {rest.set_aside} set aside")
    found += [f"secret in {place}" for place in rest.leaked]
    found += [f"left over: {thing}" for thing in rest.left_over]
    found += [f"the forge was asked something wrong: {violation}" for violation in rest.violations]
    return tuple(found)


class MessageRecord(Model):
    """One message of a long run: the tasks that had it in their prompt, and the answers of those tasks."""

    id: str
    sent: bool = True
    tasks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class Tally(Model):
    """Of many messages: how many each fate has."""

    messages: int
    lost: int
    """In no task's prompt."""
    twice: int
    """In the prompts of more than one task."""
    unanswered: int
    answered_twice: int

    @property
    def good(self) -> bool:
        return not (self.lost or self.twice or self.unanswered or self.answered_twice)


def tally(messages: Iterable[MessageRecord]) -> Tally:
    """Each accepted message runs in one task, and is answered once."""
    fates: Counter[str] = Counter()
    for message in messages:
        fates["messages"] += 1
        fates["lost"] += message.sent and not message.tasks
        fates["twice"] += len(set(message.tasks)) > 1
        fates["unanswered"] += message.sent and not message.answers
        fates["answered_twice"] += len(set(message.answers)) > 1
    names = ("messages", "lost", "twice", "unanswered", "answered_twice")
    return Tally(**{name: fates[name] for name in names})
