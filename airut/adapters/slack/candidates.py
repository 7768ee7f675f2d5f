"""Whom an answer may call (spec: slack §10): those who wrote, and the groups that may give tasks, with their members.
And which channels it may name: those that we are in."""

import logging
from collections.abc import Iterable, Sequence

from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.text.mentions import Candidate, Mentions
from airut.models.slack.settings import SlackMatch, SlackRule
from airut.ports.slack import SlackAway, SlackPerson

PEOPLE_MOST = 80
"""Whom one answer looks up at most, authors before members of groups: each may be a call, and Slack allows a hundred a
minute."""

logger = logging.getLogger(__name__)


class SlackCandidates:
    def __init__(self, directory: WebDirectory, authorized: Sequence[SlackRule] = ()) -> None:
        self._directory = directory
        self._groups = tuple(
            rule.user_group.removeprefix("@") for rule in authorized if isinstance(rule, SlackMatch) and rule.user_group
        )

    async def of(self, text: str, authors: Iterable[str]) -> Mentions:
        """Who may be meant in this text. What Slack does not tell now is left as it was written."""
        found: list[Candidate] = []
        if "@" in text:
            found += await self._people(authors)
        if "#" in text:
            found += await self._channels()
        return Mentions(found)

    async def _people(self, authors: Iterable[str]) -> list[Candidate]:
        found: list[Candidate] = []
        ids = list(dict.fromkeys(authors))
        for handle in self._groups:
            try:
                group, members = await self._directory.group(handle), await self._directory.group_members(handle)
            except SlackAway as error:
                logger.info("members of %s are not called: %s", handle, error)
                continue
            if group is None or members is None:
                continue
            found.append(Candidate(kind="group", id=group, names=(handle,)))
            ids += sorted(members.difference(ids))
        people = [await self._person(id_) for id_ in ids[:PEOPLE_MOST]]
        return found + [_candidate(person) for person in people if person is not None]

    async def _person(self, user: str) -> SlackPerson | None:
        try:
            person = await self._directory.person(user)
        except SlackAway:
            return None
        # We ourselves and other bots are never called: an answer that starts the next task would go on for ever.
        return None if person is None or person.bot or person.deleted else person

    async def _channels(self) -> list[Candidate]:
        try:
            channels = await self._directory.channels()
        except SlackAway as error:
            logger.info("channels are not linked: %s", error)
            return []
        return [Candidate(kind="channel", id=id_, names=(name,)) for id_, name in channels.items()]


def _candidate(person: SlackPerson) -> Candidate:
    return Candidate(kind="user", id=person.id, names=(person.name, person.real_name, person.handle))
