"""Who is who: what is remembered, for how long, and what an old answer is still good for."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.directory import ASK_AGAIN, HANDLES_AGE, PEOPLE_AGE, STALE_AGE, WebDirectory
from airut.ports.slack import SlackAway, SlackPerson
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import TEAM


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(slack: SlackServer, method: str) -> int:
    return [name for name, _ in slack.calls].count(method)


@pytest.mark.parametrize(
    ("flags", "teams", "expected"),
    [
        (set(), (), {}),
        ({"is_restricted"}, (), {"restricted": True}),
        ({"is_ultra_restricted"}, (), {"restricted": True}),
        ({"is_stranger"}, (), {"stranger": True}),
        ({"deleted"}, (), {"deleted": True}),
        ({"is_bot"}, (), {"bot": True}),
        (set(), ("T1", "T2"), {"teams": ("T1", "T2")}),
    ],
)
async def test_people(
    slack: SlackServer, web: AsyncWebClient, flags: set[str], teams: tuple[str, ...], expected: dict[str, object]
) -> None:
    ann = slack.workspace.person("ann", real_name="Ann Lee", display_name="Annie", flags=frozenset(flags), teams=teams)
    values = {"id": ann.id, "name": "Annie", "real_name": "Ann Lee", "handle": "ann", "team": TEAM}
    assert await WebDirectory(web).person(ann.id) == SlackPerson.model_validate(values | expected)


async def test_a_person_is_asked_for_again_after_five_minutes(slack: SlackServer, web: AsyncWebClient) -> None:
    clock = Clock()
    directory, ann = WebDirectory(web, clock), slack.workspace.person("ann")
    for _ in range(3):
        assert await directory.person(ann.id) is not None
    ann.flags = frozenset({"deleted"})
    clock.now += PEOPLE_AGE - 1
    found = await directory.person(ann.id)
    assert found is not None
    assert not found.deleted
    clock.now += 1
    found = await directory.person(ann.id)
    assert found is not None
    assert found.deleted
    assert asked(slack, "users.info") == 2
    assert await directory.person("U0NOBODY") is None


async def test_an_old_answer_counts_for_an_hour_while_slack_gives_no_other(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    clock = Clock()
    directory, ann = WebDirectory(web, clock), slack.workspace.person("ann")
    known = await directory.person(ann.id)
    slack.faults += [Fault("users.info", status=500, error="fatal_error")] * 2
    clock.now += STALE_AGE - 1
    assert await directory.person(ann.id) == known
    clock.now += 1
    with pytest.raises(SlackAway, match=r"users\.info: fatal_error"):
        await directory.person(ann.id)
    assert await directory.person(ann.id) == known


async def test_members_of_a_group_and_its_handle(slack: SlackServer, web: AsyncWebClient) -> None:
    clock = Clock()
    directory = WebDirectory(web, clock)
    group = slack.workspace.groups["S1"] = {"handle": "devs", "users": ["U1"]}
    assert await directory.group_members("@devs") == frozenset({"U1"})
    group["users"] = ["U2"]
    assert await directory.group_members("devs") == frozenset({"U1"})
    clock.now += PEOPLE_AGE
    assert await directory.group_members("devs") == frozenset({"U2"})
    group["handle"] = "developers"
    assert await directory.group_members("devs") == frozenset({"U2"})
    clock.now += HANDLES_AGE
    assert await directory.group_members("devs") is None
    assert await directory.group_members("developers") == frozenset({"U2"})


async def test_a_handle_that_nobody_had_is_looked_up_again_after_a_minute(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    clock = Clock()
    directory = WebDirectory(web, clock)
    assert await directory.group_members("new") is None
    slack.workspace.groups["S1"] = {"handle": "new", "users": ["U1"]}
    assert await directory.group_members("new") is None
    clock.now += ASK_AGAIN
    assert await directory.group_members("new") == frozenset({"U1"})
    assert asked(slack, "usergroups.list") == 2


async def test_who_we_are_is_asked_once(slack: SlackServer, web: AsyncWebClient) -> None:
    directory = WebDirectory(web)
    slack.faults.append(Fault("auth.test", error="internal_error"))
    with pytest.raises(SlackAway, match=r"auth\.test: internal_error"):
        await directory.bot()
    assert [(await directory.bot()).team for _ in range(3)] == [TEAM] * 3
    assert asked(slack, "auth.test") == 1


async def test_names_of_people_groups_and_channels_as_far_as_they_are_known(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    ann, channel = slack.workspace.person("ann", display_name="Annie"), slack.workspace.channel("general")
    slack.workspace.groups["S1"] = {"handle": "devs", "users": []}
    ids = frozenset({ann.id, channel.id, "S1", "U0NOBODY", "C0NOWHERE", "S0NONE"})
    directory = WebDirectory(web)
    slack.faults.append(Fault("usergroups.list", error="missing_scope"))
    assert await directory.names(ids - {"S0NONE"}) == {ann.id: "Annie", channel.id: "general"}
    assert await directory.names(ids) == {ann.id: "Annie", channel.id: "general", "S1": "devs"}
