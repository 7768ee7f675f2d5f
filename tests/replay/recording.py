"""Histories of scripted conversations, as files: the same scenes each time, no names of this machine, no secrets."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from airut.contracts import SEARCH_ATTRIBUTES
from airut.temporal.embedded import DYNAMIC, server_binary
from tests.replay.scenes import SCENES, Scene
from tests.replay.upkeep import UPKEEP
from tests.support.scripted_activities import ScriptedActivities
from tests.support.serving import serving

HISTORIES = Path(__file__).parent / "histories"
HOST = "host1"


@asynccontextmanager
async def server(events: int) -> AsyncIterator[Client]:
    """A server that suggests to continue as new after so many events. Values are recorded as they are, without codec:
    a history must be readable in a review, and need no file beside it."""
    dynamic = {**DYNAMIC, "limit.historyCount.suggestContinueAsNew": str(events)}
    environment = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        identity="recorder",
        dev_server_existing_path=str(server_binary()),
        dev_server_extra_args=[
            part for key, value in dynamic.items() for part in ("--dynamic-config-value", f"{key}={value}")
        ],
        search_attributes=SEARCH_ATTRIBUTES,
    )
    async with environment:
        yield environment.client


async def record(scene: Scene) -> Mapping[str, str]:
    """Play a scene; its histories by file name."""
    async with server(scene.continue_after) as client:
        scripted = ScriptedActivities(host=HOST)
        thread = f"web/mail/{scene.name}"
        async with serving(client, scripted, *UPKEEP):
            await scene.play(client, scripted, thread)
        runs = [run async for run in client.list_workflows()]
        written: dict[str, str] = {}
        for run in sorted(runs, key=lambda run: run.start_time):
            if scene.keeps and run.workflow_type not in scene.keeps:
                continue
            history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
            name = f"{scene.name}.{_part(run.id, thread)}"
            number = sum(each.startswith(f"{name}.") for each in written) + 1
            written[f"{name}.{number}.json"] = as_json(history)
        return written


async def record_all(names: list[str]) -> None:
    """Record these scenes, or all of them, in place of what there is."""
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        for name, text in (await record(scene)).items():
            (HISTORIES / name).write_text(text)
            print(name, len(text))


def as_json(history: WorkflowHistory) -> str:
    """One event a line, without stack traces, which name files of the machine."""
    events = [_scrubbed(event) for event in history.to_json_dict()["events"]]
    lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
    return f'{{"workflowId": {json.dumps(history.workflow_id)}, "events": [\n{lines}\n]}}\n'


def read(file: Path) -> WorkflowHistory:
    document = json.loads(file.read_text())
    return WorkflowHistory.from_json(document["workflowId"], {"events": document["events"]})


def _part(workflow: str, thread: str) -> str:
    if workflow == thread:
        return "thread"
    return re.sub(r"[^A-Za-z0-9-]+", "-", workflow.removeprefix(f"{thread}/"))


def _scrubbed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _scrubbed(each) for key, each in value.items() if key != "stackTrace"}
    return [_scrubbed(each) for each in value] if isinstance(value, list) else value
