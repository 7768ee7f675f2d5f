"""Names in the configuration that nobody in the workspace has."""

import pytest

from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.history import WebHistory
from airut.adapters.slack.web.connection import SlackConnection
from airut.ports.slack import SlackAway
from signals.slack.names import SlackNames
from tests.signals.slack.stage import settings_of
from tests.support.slack.server import Fault, SlackServer

NO_GROUP = "correct the handle, make the group, or take the entry away"


def names(server: SlackServer, **settings: object) -> SlackNames:
    channel = settings_of(server, **settings)
    web = SlackConnection(channel).web()
    return SlackNames("web", channel, WebDirectory(web), WebHistory(web))


async def test_each_is_named_with_place_and_remedy() -> None:
    async with SlackServer.running() as server:
        space = server.workspace
        space.groups["S1"] = {"handle": "backend", "users": []}
        space.channel("general")
        space.channel("to-be-joined", bot=False)
        space.channel("private", kind="group", bot=False)
        rules = [{"deny": {"user_group": "interns"}}, {"user_group": "@backend"}, {"user_group": "front"}]
        channels = ["#general", "#to-be-joined", "#private", "C0123456789"]
        assert await names(server, authorized=rules, channels=channels).faults() == (
            f"repos.web.channels.slack.authorized[0]: the workspace has no user group `interns`; {NO_GROUP}",
            f"repos.web.channels.slack.authorized[2]: the workspace has no user group `front`; {NO_GROUP}",
            "repos.web.channels.slack.channels: there is no channel #private that the app can see; correct the name, "
            "or write /invite with the app's name in it if it is private",
        )
        assert server.refused == []


async def test_without_names_nobody_is_asked() -> None:
    async with SlackServer.running() as server:
        assert await names(server, channels=["C0123456789"]).faults() == ()
        assert server.calls == []


async def test_no_answer_is_no_verdict() -> None:
    async with SlackServer.running() as server:
        server.faults.append(Fault("usergroups.list", error="missing_scope"))
        with pytest.raises(SlackAway, match=r"usergroups\.list: missing_scope"):
            await names(server, authorized=[{"user_group": "backend"}]).faults()
