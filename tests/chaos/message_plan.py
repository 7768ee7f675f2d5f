"""What happens in a long run of messages, in order; it follows from the seed alone."""

import random
from enum import StrEnum

from airut.models.base import Model

MESSAGES_A_THREAD = 10
MAIL_SHARE = 0.7
"""Of the threads; the others come over the console."""
AGAIN_SHARE = 0.1
"""Of the mails: delivered a second time, somewhat later."""


class Does(StrEnum):
    SEND = "send"
    AGAIN = "again"
    """The same mail is delivered once more."""
    PUT_BACK = "put back"
    """Somebody moves mails that are done back into the inbox."""
    NEW_UIDS = "new uids"
    """The mail server forgets its numbers of the inbox: another UIDVALIDITY (RFC 9051 §2.3.1.1)."""
    KILL = "kill"


class Action(Model):
    """`message` for the first two, `component` for a kill."""

    does: Does
    message: int = 0
    component: str = ""


class Planned(Model):
    """One message: its own word, which stands in no other message, and its thread."""

    word: str
    thread: int
    mail: bool
    first: bool


class Plan(Model):
    seed: int
    messages: tuple[Planned, ...]
    actions: tuple[Action, ...]


def plan(seed: int, count: int, kills: int, components: tuple[str, ...]) -> Plan:
    """`count` messages in random order over a tenth as many threads, with everything else at random places between."""
    rng = random.Random(seed)
    threads = max(2, count // MESSAGES_A_THREAD)
    by_mail = [number < threads * MAIL_SHARE for number in range(threads)]
    begun: set[int] = set()
    messages: list[Planned] = []
    for number in range(count):
        thread = rng.randrange(threads)
        word = f"w{number:05d}{rng.getrandbits(32):08x}"
        messages.append(Planned(word=word, thread=thread, mail=by_mail[thread], first=thread not in begun))
        begun.add(thread)
    places: list[tuple[float, Action]] = [(number, Action(does=Does.SEND, message=number)) for number in range(count)]
    for number, message in enumerate(messages):
        if message.mail and rng.random() < AGAIN_SHARE:
            later = rng.uniform(number, min(count, number + 50))
            places.append((later, Action(does=Does.AGAIN, message=number)))
    for number in range(kills):
        # Each component in its turn, so that a short run has all of them; never before there is something to lose.
        where = rng.uniform(count * 0.1, count)
        places.append((where, Action(does=Does.KILL, component=components[number % len(components)])))
    places.append((count * 0.5, Action(does=Does.NEW_UIDS)))
    places.append((count * 0.7, Action(does=Does.PUT_BACK)))
    places.sort(key=lambda place: place[0])  # stable: a message is sent before it is sent again
    return Plan(seed=seed, messages=tuple(messages), actions=tuple(action for _, action in places))
