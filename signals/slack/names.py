"""Names in a Slack channel's configuration that nobody in the workspace has (spec: slack §1, §4)."""

from airut.models.slack.settings import SlackChannel, SlackDeny
from airut.ports.slack import SlackDirectory, SlackHistory


class SlackNames:
    """What a misspelt name would do is not done quietly: the listener waits until it is mended."""

    def __init__(self, repo: str, channel: SlackChannel, directory: SlackDirectory, history: SlackHistory) -> None:
        self._at = f"repos.{repo}.channels.slack"
        self._channel = channel
        self._directory = directory
        self._history = history

    async def faults(self) -> tuple[str, ...]:
        """One for each name that there is not, with place and remedy.

        Raises:
            SlackAway: nobody knows at present.
        """
        return (*await self._of_groups(), *await self._of_channels())

    async def _of_groups(self) -> list[str]:
        found: list[str] = []
        for number, rule in enumerate(self._channel.authorized):
            match = rule.deny if isinstance(rule, SlackDeny) else rule
            handle = match.user_group
            if handle is not None and await self._directory.group_members(handle) is None:
                found.append(
                    f"{self._at}.authorized[{number}]: the workspace has no user group `{handle}`; "
                    "correct the handle, make the group, or take the entry away"
                )
        return found

    async def _of_channels(self) -> list[str]:
        wanted = [name for name in self._channel.channels if name.startswith("#")]
        if not wanted:
            return []
        joined = {place.name for place in await self._history.places()}
        if missing := [name for name in wanted if name[1:] not in joined]:
            public = await self._history.public_names()  # there, but not invited yet, is no fault
            missing = [name for name in missing if name[1:] not in public]
        return [
            f"{self._at}.channels: there is no channel {name} that the app can see; correct the name, or write "
            "/invite with the app's name in it if it is private"
            for name in missing
        ]
