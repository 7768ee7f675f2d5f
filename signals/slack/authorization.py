"""Who may ask in Slack (spec: slack §4). The rules are tried in order; the first that fits decides."""

import re
from collections.abc import Sequence
from enum import StrEnum

from airut.models.slack.settings import SlackChannel, SlackDeny, SlackMatch, SlackRule
from airut.ports.slack import SlackDirectory, SlackPerson

PERSON = re.compile(r"[UW][A-Z0-9]{5,}")
"""A user's id, where the owner may also be words."""


class Verdict(StrEnum):
    ALLOWED = "allowed"
    NOT_LISTED = "not listed"
    """One of our workspace whom no rule lets in."""
    OUTSIDER = "outsider"
    """Not one of our workspace, not a person, or gone: no rule is asked, and nothing is answered."""


async def judge(
    user: str, team: str, rules: Sequence[SlackRule], directory: SlackDirectory, home: str | None = None
) -> Verdict:
    """`team` is our workspace, `home` the one that a post says its author is of.

    Raises:
        SlackAway: nobody knows at present, which is no verdict.
    """
    person = await directory.person(user)
    if person is None or not _is_ours(person, team):
        return Verdict.OUTSIDER
    if home not in (None, team) and team not in person.teams:  # Slack Connect; Enterprise Grid says another as well
        return Verdict.OUTSIDER
    for rule in rules:
        if isinstance(rule, SlackDeny):
            if await _fits(rule.deny, person, directory, unknown=True):
                return Verdict.NOT_LISTED
        elif await _fits(rule, person, directory, unknown=False):
            return Verdict.ALLOWED
    return Verdict.NOT_LISTED


def not_listed(repo: str, channel: SlackChannel) -> str:
    """What one of our workspace is told whom no rule lets in."""
    owner = channel.owner or "whoever runs Airut here"
    if PERSON.fullmatch(owner):
        owner = f"<@{owner}>"
    return f"You are not on the list of those who may give tasks for `{repo}`; ask {owner}."


def _is_ours(person: SlackPerson, team: str) -> bool:
    if person.deleted or person.bot or person.stranger:
        return False
    return team in person.teams if person.teams else person.team == team


async def _fits(match: SlackMatch, person: SlackPerson, directory: SlackDirectory, *, unknown: bool) -> bool:
    """`unknown` is what holds of a group that is not there any more: it lets nobody in."""
    if match.workspace_members:
        return not person.restricted
    if match.user_id is not None:
        return match.user_id == person.id
    members = await directory.group_members(match.user_group or "")
    return unknown if members is None else person.id in members
