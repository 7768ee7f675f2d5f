"""Whom an answer may call: as it stands in the thread."""

from collections.abc import Sequence

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.candidates import SlackCandidates
from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.text.mentions import Candidate
from airut.models.slack.settings import SlackDeny, SlackMatch, SlackRule
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import User

RULES: tuple[SlackRule, ...] = (
    SlackDeny(deny=SlackMatch(user_group="banned")),
    SlackMatch(user_group="@backend"),
    SlackMatch(user_group="nobody-knows"),
    SlackMatch(workspace_members=True),
)


class Stage:
    def __init__(self, slack: SlackServer, web: AsyncWebClient) -> None:
        self.slack = slack
        people = slack.workspace.person
        self.ann = people("ann", real_name="Ann Lee")
        self.bo = people("bo", real_name="Bo Ek", display_name="backend")  # as the group is called
        self.cy = people("cy", real_name="Ann Lee", display_name="cyrus")
        self.robot = people("robot", flags=frozenset({"is_bot"}))
        self.gone = people("gone", flags=frozenset({"deleted"}))
        self.eve = people("eve")
        members = (self.bo, self.cy, self.robot, self.gone)
        slack.workspace.groups["S1"] = {"handle": "backend", "users": [member.id for member in members]}
        slack.workspace.groups["S2"] = {"handle": "banned", "users": [self.eve.id]}
        self.general = slack.workspace.channel("general")
        slack.workspace.channel("elsewhere", bot=False)
        self.candidates = SlackCandidates(WebDirectory(web), RULES)

    async def shown(self, text: str, *authors: User) -> str:
        mentions = await self.candidates.of(text, [author.id for author in authors])
        return "".join(part.reference() if isinstance(part, Candidate) else part for part in mentions.parts(text))

    @property
    def asked(self) -> Sequence[str]:
        return [method for method, _ in self.slack.calls]


@pytest.fixture
def stage(slack: SlackServer, web: AsyncWebClient) -> Stage:
    return Stage(slack, web)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@ann, done.", "<@{ann}>, done."),
        ("Ask @ANN.", "Ask <@{ann}>."),
        ("@cyrus", "<@{cy}>"),
        ("@CY and @bo", "<@{cy}> and <@{bo}>"),
        ("@Ann Lee", "@Ann Lee"),  # two are called so
        ("@backend", "<@{bo}>"),  # users before groups
        ("see #general and #elsewhere", "see <#{general}> and #elsewhere"),
        ("@eve @banned @robot @gone @airut", "@eve @banned @robot @gone @airut"),
        ("@channel @here @everyone", "@channel @here @everyone"),
        ("mail@ann.test and a/@ann", "mail@ann.test and a/@ann"),
    ],
)
async def test_names_become_references(stage: Stage, text: str, shown: str) -> None:
    ids = {"ann": stage.ann.id, "bo": stage.bo.id, "cy": stage.cy.id, "general": stage.general.id}
    assert await stage.shown(text, stage.ann) == shown.format_map(ids)


async def test_a_group(stage: Stage) -> None:
    stage.bo.display_name = "bo"
    assert await stage.shown("@backend: look", stage.ann) == "<!subteam^S1>: look"


async def test_nobody_is_looked_up_for_nothing(stage: Stage) -> None:
    assert await stage.shown("no names", stage.ann) == "no names"
    assert stage.asked == []
    assert await stage.shown("#general") == f"<#{stage.general.id}>"
    assert await stage.shown("#general") == f"<#{stage.general.id}>"
    assert stage.asked == ["users.conversations"]


@pytest.mark.parametrize("method", ["usergroups.list", "usergroups.users.list", "users.info", "users.conversations"])
async def test_what_slack_does_not_tell_is_left_as_it_is(stage: Stage, method: str) -> None:
    stage.slack.faults += [Fault(method, status=503)] * 4
    assert await stage.shown("@eve in #elsewhere", stage.ann) == "@eve in #elsewhere"
