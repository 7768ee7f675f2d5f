"""What a replay prints and how it ends: of what Temporal has, and of files."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from airut.temporal.delivery import deliver
from tests.cli.conftest import Printed, config_file  # noqa: F401  # fixture
from tests.replay.recording import HISTORIES, read
from tests.support.asking import idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from tests.workflows.conftest import activities, replays, thread  # noqa: F401  # fixtures
from workers.replay import main

Replay = Callable[..., Coroutine[Any, Any, Printed]]


@pytest.fixture
def replay(config_file: Path, capsys: pytest.CaptureFixture[str]) -> Replay:  # noqa: F811
    async def run(*arguments: str) -> Printed:
        capsys.readouterr()
        code = await asyncio.to_thread(main, ["--config", str(config_file), *arguments])
        captured = capsys.readouterr()
        return Printed(code, captured.out, captured.err)

    return run


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A task's history as `temporal workflow show -o json` writes it."""
    file = tmp_path / "history.json"
    file.write_text(read(HISTORIES / "success.task-1.1.json").to_json())
    return file


async def test_what_temporal_has(
    replay: Replay,
    temporal: WorkflowEnvironment,
    activities: ScriptedActivities,  # noqa: F811
    thread: str,  # noqa: F811
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    events = len((await temporal.client.get_workflow_handle(f"{thread}/task-1").fetch_history()).events)
    assert await replay("--workflow", f"{thread}/task-1") == Printed(
        0, f"{events} events replayed, deterministic\n", ""
    )
    recent = await replay("--recent", "2")
    assert (recent.code, recent.err) == (0, "")
    assert re.fullmatch(r"\d+ events of 2 histories replayed, deterministic\n", recent.out)
    assert await replay("--workflow", "web/mail/never") == Printed(5, "", "Temporal has no history of web/mail/never\n")


async def test_a_file_that_differs_names_the_event(replay: Replay, recorded: Path) -> None:
    changed = recorded.read_text().replace('"name": "prepare_workspace"', '"name": "make_coffee"')
    assert (await replay("--workflow", "x", "--history", str(recorded))).code == 0
    recorded.write_text(changed)
    differs = await replay("--workflow", "some/id", "--history", str(recorded))
    assert (differs.code, differs.err) == (1, "")
    assert re.match(r"some/id \(run \S+\) differs at event \d+ \(ActivityTaskScheduled\): ", differs.out)
    assert "'make_coffee' does not match activity type of activity command 'prepare_workspace'" in differs.out
    report = json.loads((await replay("--json", "--workflow", "some/id", "--history", str(recorded))).out)
    assert (report["version"], report["deterministic"]) == (1, False)
    assert report["runs"][0]["difference"]["kind"] == "ActivityTaskScheduled"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "{file} is no history (History does not have iterable 'events'); {remedy}"),
        ("no JSON", "{file} is no history (Expecting value: line 1 column 1 (char 0)); {remedy}"),
        ('{"events": []}', "{file} is no history (No events); {remedy}"),
        (None, "{file}: No such file or directory"),
    ],
)
async def test_a_file_that_is_none(replay: Replay, recorded: Path, content: str | None, said: str) -> None:
    if content is None:
        recorded.unlink()
    else:
        recorded.write_text(content)
    remedy = "`temporal workflow show -w ID -o json` writes one"
    assert await replay("--workflow", "x", "--history", str(recorded)) == Printed(
        2, "", said.format(file=recorded, remedy=remedy) + "\n"
    )


async def test_without_temporal_and_without_configuration(replay: Replay, config_file: Path) -> None:  # noqa: F811
    config_file.write_text(re.sub(r"port: \d+", "port: 1", config_file.read_text()))
    away = await replay("--recent", "2")
    assert (away.code, away.out, away.err.startswith("airut: Temporal is not reachable: ")) == (4, "", True)
    config_file.unlink()
    assert (await replay("--recent", "2")).code == 3
