"""`python -m tests.bench.channels`: a burst of messages into many threads over each channel, with an agent that does
nothing: is any lost, is any done twice, how many are accepted in a second, how long until each is acknowledged.

A message is *acknowledged* when its channel may forget it: the mail has left the inbox, Slack has its acknowledgement,
`airut send` returns. Airut's own processes, a real Temporal, IMAP and (emulated) Slack server; see
`tests.support.installation`. The burst itself takes the same two cores.
"""

import argparse
import asyncio
import collections
import imaplib
import os
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from airut.demo.mailbox import compose
from airut.models.base import Model
from airut.models.blob import Text
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, Usage
from airut.models.tasks.task import AgentResult
from airut.temporal.delivery import deliver
from signals.console import console_message
from tests.support.installation import LIMIT, PERSON, ROBOT, Installation, told
from tests.support.slack.sockets import Envelope
from tests.support.slack.workspace import BOT_USER

NOTHING = AgentResult(verdict=AgentVerdict(outcome=AgentOutcome.DONE, usage=Usage()), text=Text(inline="Done."))
"""How the agent ends. It costs nothing: a thousand tasks of one person would meet the day's budget."""
AT_ONCE = 20
"""Deliveries under way together: a burst, and not more than a server takes."""
LOOK = 0.2
"""Seconds between two looks into the folder of processed mails: so exact are the times of mails."""
PATIENCE = 600.0
NO_LIMITS = "limits: {per_sender: 1000000/h, per_repo: 1000000/h}"
"""One sender of a thousand mails is what the limit is made against."""


class Measured(Model):
    """Of one channel. Seconds."""

    channel: str
    messages: int
    lost: int
    doubled: int
    took: float
    """From the first message until the last was acknowledged."""
    waits: tuple[float, ...]
    """From the arrival of each until its acknowledgement."""
    answered: float
    """From the first message until every thread's task had been answered."""
    tasks: int


class Burst:
    """`count` messages in `threads` conversations, each message a text of its own."""

    def __init__(self, there: Installation, channel: str, threads: int, count: int) -> None:
        self.there = there
        self.channel = channel
        self.texts = [f"{channel} {number % threads} {number // threads}" for number in range(count)]
        self.arrived: dict[str, float] = {}
        self.acknowledged: dict[str, float] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def measure(self, sent: Callable[[str], Awaitable[None]]) -> Measured:
        """`sent` lets one arrive, and returns when it has; the first message of each thread comes first."""
        begun = time.monotonic()

        async def one(text: str) -> None:
            async with self._places:
                await sent(text)

        first = [text for text in self.texts if text.endswith(" 0")]
        await asyncio.gather(*map(one, first))
        await asyncio.gather(*(one(text) for text in self.texts if not text.endswith(" 0")))
        await self.there.until(lambda: len(self.acknowledged) == len(self.texts), PATIENCE)
        took = max(self.acknowledged.values()) - begun
        await self.there.until(lambda: len(self._told()) == len(self.texts), PATIENCE)
        tasks = await self._answered()
        counts = self._told()
        return Measured(
            channel=self.channel,
            messages=len(self.texts),
            lost=len([text for text in self.texts if not counts[text]]),
            doubled=sum(count - 1 for count in counts.values()),
            took=took,
            waits=tuple(self.acknowledged[text] - self.arrived[text] for text in self.texts),
            answered=time.monotonic() - begun,
            tasks=tasks,
        )

    def _told(self) -> collections.Counter[str]:
        """What agents were told, as often as they were."""
        words = [text.strip() for order in self.there.host.agent_inputs for text in told(order)]
        return collections.Counter(text for text in words if text.startswith(f"{self.channel} "))

    async def _answered(self) -> int:
        """Wait until every task has closed; how many there were."""
        client = await self.there.client()
        tasks = {order.task.id for order in self.there.host.agent_inputs if told(order)[0].startswith(self.channel)}
        for task in tasks:
            await client.get_workflow_handle(task).result()
        return len(tasks)


async def console(there: Installation, threads: int, count: int) -> Measured:
    burst, client = Burst(there, "console", threads, count), await there.client()

    async def send(text: str) -> None:
        thread = f"web/console/{text.split()[1]}"
        burst.arrived[text] = time.monotonic()
        await deliver(client, console_message("web", Text(inline=text), text, datetime.now(UTC), thread))
        burst.acknowledged[text] = time.monotonic()

    return await burst.measure(send)


async def email(there: Installation, threads: int, count: int) -> Measured:
    burst = Burst(there, "email", threads, count)
    firsts = {thread: compose(PERSON, ROBOT, f"Thread {thread}", f"email {thread} 0") for thread in range(threads)}
    names: dict[str, str] = {}

    async def send(text: str) -> None:
        _, thread, number = text.split()
        first = firsts[int(thread)]
        mail = compose(PERSON, ROBOT, f"Re: Thread {thread}", text, first) if int(number) else first
        names[str(mail["Message-ID"])] = text
        await asyncio.to_thread(there.mail.deliver, mail.as_bytes(), ROBOT)
        burst.arrived[text] = time.monotonic()

    async with _leaving(there, lambda name, at: burst.acknowledged.setdefault(names[name], at)):
        return await burst.measure(send)


@asynccontextmanager
async def _leaving(there: Installation, left: Callable[[str, float], object]) -> AsyncIterator[None]:
    """Tell of each mail, by its Message-ID, when it has come into the folder of those that are done."""
    watching = asyncio.create_task(_watch(there, left))
    try:
        yield
    finally:
        watching.cancel()


async def _watch(there: Installation, left: Callable[[str, float], object]) -> None:
    account = there.config.repos["web"].channels.email
    assert account is not None
    assert account.account.password is not None
    context = ssl.create_default_context(cafile=str(there.mail.ca_file))
    imap = imaplib.IMAP4_SSL(there.mail.host, there.mail.imap_port, ssl_context=context)
    imap.login(ROBOT, account.account.password.reveal())
    last = 0

    def look() -> list[tuple[int, str]]:
        if imap.select('"Airut.Processed"', readonly=True)[0] != "OK":
            return []
        found = imap.uid("FETCH", f"{last + 1}:*", "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]
        parts = [part for part in found if isinstance(part, tuple)]
        return [(_uid(part[0]), part[1].decode().partition(":")[2].strip()) for part in parts]

    while True:
        for uid, name in await asyncio.to_thread(look):
            if uid > last:
                left(name, time.monotonic())
                last = uid
        await asyncio.sleep(LOOK)


def _uid(head: bytes) -> int:
    words = head.replace(b"(", b" ").split()
    return int(words[words.index(b"UID") + 1])


async def slack(there: Installation, threads: int, count: int) -> Measured:
    burst, server = Burst(there, "slack", threads, count), there.slack
    person = server.workspace.person("ann")
    # Each thread in a channel of its own: into one, Slack takes a message of ours a second.
    places = {str(thread): server.workspace.channel(f"c{thread}", person) for thread in range(threads)}
    firsts: dict[str, str] = {}
    await server.until(lambda: server.connections > 0, LIMIT)

    async def acknowledged(text: str, envelopes: list[Envelope]) -> None:
        for envelope in envelopes:
            await envelope.acknowledged.wait()
        burst.acknowledged[text] = time.monotonic()

    waiting: list[asyncio.Task[None]] = []

    async def send(text: str) -> None:
        _, thread, number = text.split()
        begins = number == "0"
        words = f"<@{BOT_USER}> {text}" if begins else text
        post = server.workspace.post(places[thread], person, words, thread=firsts.get(thread))
        firsts.setdefault(thread, str(post["ts"]))
        burst.arrived[text] = time.monotonic()
        envelopes = [server.event(event) for event in server.events(places[thread], post, mention=begins)]
        waiting.append(asyncio.create_task(acknowledged(text, envelopes)))
        if begins:
            await waiting[-1]  # without its first message nobody writes in a thread

    return await burst.measure(send)


def table(measured: list[Measured]) -> Table:
    shown = Table("channel", title="a burst over each channel, an agent that does nothing, one run on one machine")
    for name in ("messages", "lost", "doubled", "accepted/s", "p50", "p95, s", "tasks", "all answered, s"):
        shown.add_column(name, justify="right")
    for each in measured:
        cuts = statistics.quantiles(each.waits, n=20, method="inclusive")
        shown.add_row(
            each.channel,
            *(f"{value:,}" for value in (each.messages, each.lost, each.doubled)),
            f"{each.messages / each.took:.1f}",
            *(f"{value:.3f}" for value in (cuts[9], cuts[18])),
            f"{each.tasks:,}",
            f"{each.answered:.1f}",
        )
    return shown


async def main(threads: int, count: int, only: list[str]) -> int:
    measured: list[Measured] = []
    for channel in (console, email, slack):
        if only and channel.__name__ not in only:
            continue
        with tempfile.TemporaryDirectory(prefix="airut-bench-", ignore_cleanup_errors=True) as folder:
            async with Installation.running(Path(folder), NO_LIMITS) as there:
                there.plays(NOTHING)
                measured.append(await channel(there, threads, count))
    Console(width=120).print(table(measured))
    return 1 if any(each.lost or each.doubled for each in measured) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--only", action="append", default=[], choices=["console", "email", "slack"])
    given = parser.parse_args()
    code = asyncio.run(main(given.threads, given.messages, given.only))
    os._exit(code)
