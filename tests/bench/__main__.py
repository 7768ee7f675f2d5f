"""`make bench`: how long a person waits for us, and not for the model. Each measurement is one real mail.

Prints p50 and p95 of 20 mails, with their parts; all figures are of one run on one machine.
"""

import asyncio
import os
import statistics
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from airut.demo.internet import Internet
from airut.demo.mailbox import compose
from airut.demo.script import Script, bash, say
from airut.demo.stage import PERSON, ROBOT, Stage

MAILS = 20
AIMS = {"mail to first model request": 1.0, "agent's end to reply accepted": 0.5}


@dataclass
class Sample:
    """Seconds, one mail. The first five add up to the first total, the last three to the second."""

    intake: float
    """Delivered to the mailbox → its thread is in Temporal."""
    placement: float
    """→ the checkout begins."""
    workspace: float
    """→ the checkout is ready."""
    image: float
    """→ the sandbox is asked for."""
    start: float
    """→ the agent's first model request."""
    bring_home: float
    """Agent's end → its words, files and commits are in the blob store."""
    publish: float
    """→ pushed, pull request open."""
    reply: float
    """→ the mail server has accepted the reply."""

    def rows(self) -> dict[str, float]:
        parts = {f"  {field.name}": getattr(self, field.name) for field in fields(self)}
        first = self.intake + self.placement + self.workspace + self.image + self.start
        return {
            "mail to first model request": first,
            **{name: parts[name] for name in list(parts)[:5]},
            "agent's end to reply accepted": self.bring_home + self.publish + self.reply,
            **{name: parts[name] for name in list(parts)[5:]},
        }


async def measure(stage: Stage, internet: Internet) -> Sample:
    """One mail, a new thread, one commit, a pull request, a reply."""
    await internet.register(
        stage.model_key,
        Script(
            steps=(bash("cd /workspace && echo x > x.txt && git add -A && git commit -q -m X"), say("Made x.txt.")),
        ),
    )
    subject = f"Bench {uuid.uuid4().hex[:12]}"
    mail = compose(PERSON, ROBOT, subject, "Make x.txt.")
    await asyncio.to_thread(stage.mail.deliver, mail.as_bytes(), ROBOT)
    delivered = datetime.now().timestamp()
    client = await stage.client()
    found = await stage.mailbox(PERSON).wait_for(2, subject)
    thread = "web/mail/" + str(found[-1]["Message-ID"]).split(".")[1]
    calls = await internet.model_calls(stage.model_key, bodies=False)
    first_request = min(call.at for call in calls if call.at > delivered)
    at = await moments(client, thread)
    if "run_agent done" not in at:
        raise RuntimeError(f"{thread} did not go as it should:\n{stage.log[-5000:]}")
    ended = (stage.folders.of(thread).task(1, 1) / "out" / "exit.json").stat().st_mtime
    return Sample(
        intake=at["thread"] - delivered,
        placement=at["prepare_workspace"] - at["thread"],
        workspace=at["prepare_workspace done"] - at["prepare_workspace"],
        image=at["run_agent"] - at["prepare_workspace done"],
        start=first_request - at["run_agent"],
        bring_home=at["run_agent done"] - ended,
        publish=at["publish done"] - at["run_agent done"],
        reply=at["reply done"] - at["publish done"],
    )


async def moments(client: Client, thread: str) -> dict[str, float]:
    """When each step began and ended, from the server's own histories."""
    handle = client.get_workflow_handle(thread)
    history = await handle.fetch_history()
    at = {"thread": _seconds(history.events[0])}
    names: dict[int, str] = {}
    async for event in client.get_workflow_handle(f"{thread}/task-1").fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            names[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            at[names[event.activity_task_started_event_attributes.scheduled_event_id]] = _seconds(event)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            name = names[event.activity_task_completed_event_attributes.scheduled_event_id]
            at[f"{name} done"] = _seconds(event)
    return at


def _seconds(event: object) -> float:
    stamp = event.event_time  # type: ignore[attr-defined]  # a protobuf message
    return float(stamp.seconds + stamp.nanos / 1e9)


def table(samples: Iterable[Sample]) -> Table:
    rows = [sample.rows() for sample in samples]
    shown = Table("", "p50", "p95", "aim", title=f"{len(rows)} mails, seconds")
    for name in rows[0]:
        values = [row[name] for row in rows]
        p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
        aim = f"{AIMS[name]:.1f}" if name in AIMS else ""
        style = "bold" if name in AIMS else ""
        shown.add_row(name, f"{statistics.median(values):.3f}", f"{p95:.3f}", aim, style=style)
    return shown


async def main() -> None:
    internet = Internet.from_environment()
    with tempfile.TemporaryDirectory(prefix="airut-bench-", ignore_cleanup_errors=True) as folder:
        async with Stage(Path(folder), os.environ) as stage:
            await stage.up()
            await measure(stage, internet)  # the image is built and the first mirror made: not part of it
            samples = []
            for _ in range(MAILS):
                await asyncio.sleep(2)  # the next warm sandbox is made meanwhile, as between real messages
                samples.append(await measure(stage, internet))
    Console().print(table(samples))


if __name__ == "__main__":
    asyncio.run(main())
