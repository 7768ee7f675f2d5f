"""The whole product on real parts: `airut up` with mail server, git host, forge, Podman, proxy and the real CLI."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.demo.github_schema import VARIABLE, GitHubSchema
from airut.demo.internet import Internet
from airut.demo.script import Script
from airut.demo.stage import Stage
from tests.e2e.conversation import Conversation, served
from tests.e2e.leftovers import settled
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import SlackServer


@pytest.fixture(scope="session")
async def slack() -> AsyncIterator[SlackServer]:
    """The repository's Slack workspace."""
    async with SlackServer.running() as server:
        yield server


@pytest.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory, slack: SlackServer) -> AsyncIterator[Stage]:
    """One installation for the session. Tests use threads of their own on it."""
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run `make test`, or scripts/lab -- pytest")
    if GitHubSchema.from_environment() is None:
        # Without a judge the forge takes whatever it is sent, and that nothing was wrong would mean nothing.
        pytest.fail(f"{VARIABLE} does not name GitHub's description of its API: run scripts/setup")
    folder: Path = tmp_path_factory.mktemp("stage")
    tokens = f"bot_token: {BOT_TOKEN}, app_token: {APP_TOKEN}, api: {slack.base}/api/"
    channel = f"slack: {{{tokens}, authorized: [{{workspace_members: true}}]}}"
    async with Stage(folder, os.environ, channels=channel, pause_grace="3s") as running:
        await running.up()
        yield running


@pytest.fixture
def internet() -> Internet:
    return Internet.from_environment()


@pytest.fixture
async def conversation(stage: Stage, internet: Internet) -> AsyncIterator[Conversation]:
    """A conversation of Ann's with the robot, whose model plays what the test registers."""
    if not stage.is_up:  # a test that failed while it was down is no other test's failure
        await stage.up()
    await served(stage)
    talk = Conversation(stage, internet)
    yield talk
    if stage.is_up:
        left = await settled(talk)
        assert left == [], "\n".join(["still at work: " + left[0], *left[1:]])
    await internet.register(stage.model_key, Script(steps=()))
    assert stage.forge.violations == []
