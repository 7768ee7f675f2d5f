"""The composition root of what people see of open tasks. One of everything for a process: an app's tasks share what it
may change a minute."""

from functools import partial

from temporalio.client import Client

from activities.progress import ProgressShows
from airut.config.schema import Config
from airut.config.terms import terms
from airut.models.threads.message import ChannelKind
from airut.ports.display import Display
from airut.temporal.run_progress import TemporalRunProgress
from workers.channels_wiring import slack_channels


def progress_shows(config: Config, client: Client) -> ProgressShows:
    return ProgressShows(ConfiguredDisplays(config), TemporalRunProgress(client), config.redactor)


class ConfiguredDisplays:
    """Implements `airut.ports.display.Displays`."""

    def __init__(self, config: Config) -> None:
        self._slack: dict[str, Display] = {}
        for repo, app in slack_channels(config).items():
            from workers.slack_wiring import slack_display  # see there

            self._slack[repo] = slack_display(app, partial(terms, config, repo), config.dashboard.base_url)

    def of(self, repo: str, kind: ChannelKind) -> Display | None:
        return self._slack.get(repo) if kind is ChannelKind.SLACK else None
