"""What threads have recorded is what the code of today would do: a deploy breaks no thread that runs."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.codec_settings import CodecSettings
from airut.temporal.codec import data_converter
from airut.temporal.replay import Replays
from tests.replay.changed import ChangedWithAPatch, ChangedWithoutAPatch
from tests.replay.recording import HISTORIES, read
from tests.replay.scenes import SCENES
from workflows.registered import WORKFLOWS

FILES = sorted(HISTORIES.glob("*.json"))
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> Replays:
    """With the converter that workers have."""
    store = LocalBlobStore(tmp_path_factory.mktemp("payloads"))
    return Replays(WORKFLOWS, data_converter(CodecSettings(), "default", store))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_the_code_does_what_was_recorded(replays: Replays, file: Path) -> None:
    replayed = await replays.one(read(file))
    assert replayed.difference is None, f"{file.name}: {replayed.difference}"
    assert replayed.events > 3


@pytest.mark.parametrize("file", [file for file in FILES if ".task-1." in file.name], ids=lambda file: file.stem)
async def test_a_changed_workflow_is_found_and_the_event_named(file: Path) -> None:
    converter = data_converter(CodecSettings(), "default", LocalBlobStore(Path("/nonexistent")))
    history = read(file)
    found = (await Replays([ChangedWithoutAPatch], converter).one(history)).difference
    assert found is not None
    assert (found.event, found.kind) == (5, "ActivityTaskScheduled")
    assert "Timer machine does not handle this event: HistoryEvent(id: 5, ActivityTaskScheduled)" in found.said
    assert (await Replays([ChangedWithAPatch], converter).one(history)).difference is None


def test_every_scene_and_every_workflow_is_recorded() -> None:
    scenes = {file.name.partition(".")[0] for file in FILES}
    assert scenes == {scene.name for scene in SCENES}
    recorded = {started["workflowType"]["name"] for started in map(_started, FILES)}
    assert recorded == {registered.__name__ for registered in WORKFLOWS}
    assert any(_started(file).get("continuedExecutionRunId") for file in FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recording_names_no_machine_and_no_real_address(file: Path) -> None:
    document = json.loads(file.read_text())
    texts = list(_strings(document))
    identities = set(re.findall(r'"identity": "([^"]*)"', file.read_text()))
    assert {name.partition("-scheduler-")[0] for name in identities} <= {"recorder", "history-service", "temporal"}
    assert {address.rpartition("@")[2] for text in texts for address in ADDRESS.findall(text)} <= {"example.com"}
    assert not [text for text in texts if re.search(r"/home/|/root|/work/|/opt/|\.py\b|sk-ant-", text)]


def _started(file: Path) -> dict[str, Any]:
    started: dict[str, Any] = json.loads(file.read_text())["events"][0]["workflowExecutionStartedEventAttributes"]
    return started


def _strings(value: Any) -> Iterator[str]:
    """Every text of a history, those in its payloads too."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "data" and isinstance(each, str):
                yield base64.b64decode(each).decode(errors="replace")
            else:
                yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str):
        yield value
