"""Whose messages count in Slack."""

from dataclasses import dataclass, field

import pytest
from pydantic import TypeAdapter, ValidationError

from airut.models.slack.settings import SlackRule
from airut.ports.slack import SlackAway, SlackBot, SlackPerson
from signals.slack.authorization import Verdict, judge

RULES: TypeAdapter[tuple[SlackRule, ...]] = TypeAdapter(tuple[SlackRule, ...])
PEOPLE = {
    "member": SlackPerson(id="U1", name="Ann", team="T1"),
    "other member": SlackPerson(id="U2", name="Bo", team="T1"),
    "guest": SlackPerson(id="U3", name="Cy", team="T1", restricted=True),
    "gone": SlackPerson(id="U4", name="Di", team="T1", deleted=True),
    "bot": SlackPerson(id="U5", name="Ed", team="T1", bot=True),
    "stranger": SlackPerson(id="U6", name="Fi", team="T1", stranger=True),
    "connected": SlackPerson(id="U7", name="Gu", team="T9"),
    "grid": SlackPerson(id="U8", name="Hy", team="E1", teams=("T0", "T1")),
    "other grid": SlackPerson(id="U9", name="Io", team="T1", teams=("T0", "T2")),
}


@dataclass
class Directory:
    groups: dict[str, frozenset[str]] = field(default_factory=lambda: {"devs": frozenset({"U1", "U3"})})
    away: bool = False

    async def bot(self) -> SlackBot:
        return SlackBot(team="T1", user="U0", bot="B0")

    async def person(self, user: str) -> SlackPerson | None:
        if self.away:
            raise SlackAway("users.info")
        return next((person for person in PEOPLE.values() if person.id == user), None)

    async def group_members(self, handle: str) -> frozenset[str] | None:
        return self.groups.get(handle)

    async def names(self, ids: frozenset[str]) -> dict[str, str]:
        return {}


MEMBERS: list[dict[str, object]] = [{"workspace_members": True}]


@pytest.mark.parametrize(
    ("who", "rules", "verdict"),
    [
        ("member", MEMBERS, Verdict.ALLOWED),
        ("guest", MEMBERS, Verdict.NOT_LISTED),
        ("guest", [{"user_id": "U3"}], Verdict.ALLOWED),
        ("guest", [{"user_group": "devs"}], Verdict.ALLOWED),
        ("other member", [{"user_group": "devs"}], Verdict.NOT_LISTED),
        ("member", [{"user_group": "nobody"}], Verdict.NOT_LISTED),
        ("member", [{"deny": {"user_id": "U1"}}, *MEMBERS], Verdict.NOT_LISTED),
        ("member", [*MEMBERS, {"deny": {"user_id": "U1"}}], Verdict.ALLOWED),
        ("other member", [{"deny": {"user_group": "devs"}}, *MEMBERS], Verdict.ALLOWED),
        ("gone", MEMBERS, Verdict.OUTSIDER),
        ("bot", [{"user_id": "U5"}], Verdict.OUTSIDER),
        ("stranger", [{"user_id": "U6"}], Verdict.OUTSIDER),
        ("connected", [{"user_id": "U7"}], Verdict.OUTSIDER),
        ("grid", MEMBERS, Verdict.ALLOWED),
        ("other grid", MEMBERS, Verdict.OUTSIDER),
    ],
)
async def test_verdicts(who: str, rules: list[dict[str, object]], verdict: Verdict) -> None:
    assert await judge(PEOPLE[who].id, "T1", RULES.validate_python(rules), Directory()) is verdict


@pytest.mark.parametrize(
    ("who", "home", "verdict"),
    [
        ("member", "T1", Verdict.ALLOWED),
        ("member", None, Verdict.ALLOWED),
        ("member", "T9", Verdict.OUTSIDER),
        ("grid", "E1", Verdict.ALLOWED),
        ("other grid", "T1", Verdict.OUTSIDER),
    ],
)
async def test_the_workspace_that_a_post_names(who: str, home: str | None, verdict: Verdict) -> None:
    assert await judge(PEOPLE[who].id, "T1", RULES.validate_python(MEMBERS), Directory(), home) is verdict


async def test_a_group_that_is_gone_lets_nobody_in() -> None:
    rules = RULES.validate_python([{"deny": {"user_group": "gone"}}, *MEMBERS])
    assert await judge("U1", "T1", rules, Directory()) is Verdict.NOT_LISTED


async def test_nobody_of_that_id() -> None:
    assert await judge("U99", "T1", RULES.validate_python(MEMBERS), Directory()) is Verdict.OUTSIDER


async def test_no_answer_is_no_verdict() -> None:
    with pytest.raises(SlackAway):
        await judge("U1", "T1", RULES.validate_python(MEMBERS), Directory(away=True))


@pytest.mark.parametrize("rule", [{}, {"workspace_members": True, "user_id": "U1"}, {"user_id": "ann"}, {"deny": {}}])
def test_rules_that_say_nothing_or_two_things(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RULES.validate_python([rule])
