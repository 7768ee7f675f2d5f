"""The short version of `make chaos`: every component is killed at least once, each while a task stands somewhere else.

The seed is fixed, so that what is tested does not change from run to run; the full matrix takes another each time.
"""

import os
from pathlib import Path

import pytest
from rich.console import Console

from tests.chaos.agent_kills import AgentKills, claude
from tests.chaos.components import COMPONENTS, Component, model
from tests.chaos.matrix import Matrix, table
from tests.chaos.message_plan import plan
from tests.chaos.messages import KILLED, MessageRun
from tests.chaos.steps import Step
from tests.chaos.world import IDLE, World

SEED = 20260404
HELD = 15.0
"""Seconds that the model holds a step open: what lies between takes two or three here, and five times as long on a busy
machine."""


def killed(name: str) -> Component:
    return next(component for component in COMPONENTS if component.name == name)


# Without a heartbeat time-out in between, which is a minute. First the two whose step only time holds open.
AT_ONCE = (
    # So short that no wait of a minute follows.
    (Component("model API", model(1.0)), [Step.STREAMING]),
    (killed("proxy"), [Step.FIRST_ANSWER]),
    (killed("intake"), [Step.ACCEPTED]),
    (killed("Temporal server"), [Step.WORKSPACE, Step.QUESTION]),
    (killed("mail server"), [Step.REPLYING]),
    (killed("forge"), [Step.PULL_REQUEST]),
    (killed("control worker"), [Step.TOOL]),
    (killed("agent container"), [Step.TOOL]),
)
# With one for all of them.
IN_A_MINUTE = (
    (killed("host worker"), [Step.TOOL]),
    (killed("reboot"), [Step.ACCEPTED, Step.STREAMING, Step.PUSH]),
)


@pytest.mark.timeout(900)  # two rounds with their own limits; some two minutes on a quiet machine
async def test_every_component_is_killed(tmp_path_factory: pytest.TempPathFactory) -> None:
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run `make test`, or scripts/lab -- pytest")
    folder: Path = tmp_path_factory.mktemp("chaos")
    async with World(folder, os.environ) as world:
        await world.up()
        matrix = Matrix(world, SEED, HELD)
        await matrix.round(AT_ONCE)
        await matrix.round(IN_A_MINUTE)
        verdict = await matrix.verdict()
    Console(width=150).print(table(verdict))
    assert verdict.wrong == ()


@pytest.mark.timeout(300)
async def test_claude_code_is_killed_and_forgets_nothing(tmp_path: Path) -> None:
    try:
        binary = claude()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    record = await AgentKills(binary, tmp_path, SEED, 20).run()
    assert record.good, record
    assert record.kills >= 10  # of twenty runs; on a busy machine some are over before they are killed


@pytest.mark.timeout(600)
async def test_messages_run_once_and_are_answered_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run `make test`, or scripts/lab -- pytest")
    folder: Path = tmp_path_factory.mktemp("messages")
    async with World(folder, os.environ, product=IDLE) as world:
        await world.up()
        record = await MessageRun(world, plan(SEED, 100, 4, KILLED)).run()
    print(record.model_dump_json(indent=1))
    assert record.good, record
