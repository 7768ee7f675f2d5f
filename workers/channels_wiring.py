"""What a repository's configured channels are made of: senders, files, threads to read, threads to open."""

from datetime import timedelta

from airut.adapters.console import ConsoleChannel
from airut.adapters.imap.sent import ImapSentFolder
from airut.adapters.oauth2 import AccessTokens
from airut.adapters.smtp import SmtpChannel
from airut.config.installation import installation_id
from airut.config.schema import Config
from airut.config.terms import terms
from airut.errors import DeliveryRefused, FileRefused, HistoryRefused
from airut.models.mail.notes import MailNotes
from airut.models.mail.settings import GIVE_UP_AFTER, EmailChannel
from airut.models.schedules.firing import Opening
from airut.models.slack.settings import SlackChannel
from airut.models.tasks.terms import TaskTerms
from airut.models.threads.earlier import Earlier, EarlierInput
from airut.models.threads.message import ChannelKind, Hints, RemoteFile, SlackRoute
from airut.ports.asked import AskedQuestions
from airut.ports.blobs import BlobStore
from airut.ports.channel import Channel
from airut.ports.conversations import Conversations
from airut.ports.openings import Openings
from airut.ports.remote_files import FetchedFile, RemoteFiles


def slack_channels(config: Config) -> dict[str, SlackChannel]:
    """Of the repositories that have one."""
    return {name: app for name, repo in config.every_repo.items() if (app := repo.channels.slack) is not None}


def access_tokens(channel: EmailChannel) -> AccessTokens | None:
    """What a mailbox logs in by instead of a password."""
    return AccessTokens(channel.oauth2) if channel.oauth2 is not None else None


def mail_answers(mail: EmailChannel, blobs: BlobStore, installation: str) -> SmtpChannel:
    """The output half of a mailbox."""
    tokens, folder = access_tokens(mail), mail.smtp.sent_folder
    sent = ImapSentFolder(mail.imap, mail.account, folder, tokens) if folder is not None else None
    authorized = mail.auth.authorized_senders
    return SmtpChannel(mail.smtp, mail.account, mail.replies, blobs, installation, tokens, sent, authorized=authorized)


class ConfiguredFiles:
    """Implements `airut.ports.remote_files.RemoteFiles`: one source for each kind of channel that keeps files."""

    def __init__(self, config: Config) -> None:
        self._sources: dict[ChannelKind, RemoteFiles] = {}
        if slack := slack_channels(config):
            from workers.slack_wiring import slack_files  # see there

            self._sources[ChannelKind.SLACK] = slack_files(slack)

    async def fetch(self, repo: str, channel: ChannelKind, file: RemoteFile) -> FetchedFile:
        source = self._sources.get(channel)
        if source is None:
            raise FileRefused(f"{repo} has no {channel} channel any more")
        return await source.fetch(repo, channel, file)


class ConfiguredConversations:
    """Implements `airut.ports.conversations.Conversations`: one for each repository with such a channel."""

    def __init__(self, config: Config) -> None:
        self._sources: dict[tuple[str, ChannelKind], Conversations] = {}
        for name, app in slack_channels(config).items():
            from workers.slack_wiring import slack_conversations  # see there

            self._sources[name, ChannelKind.SLACK] = slack_conversations(app)

    async def earlier(self, order: EarlierInput) -> Earlier:
        source = self._sources.get((order.repo, order.channel))
        if source is None:
            raise HistoryRefused(f"{order.repo} has no {order.channel} channel any more")
        return await source.earlier(order)


class ConfiguredOpenings:
    """Implements `airut.ports.openings.Openings`: for each repository with a Slack channel."""

    def __init__(self, config: Config) -> None:
        self._sources: dict[str, Openings] = {}
        for name, app in slack_channels(config).items():
            from workers.slack_wiring import slack_openings  # see there

            self._sources[name] = slack_openings(app)

    async def open(self, opening: Opening) -> SlackRoute:
        source = self._sources.get(opening.repo)
        if source is None:
            raise DeliveryRefused(f"{opening.repo} has no slack channel any more")
        return await source.open(opening)


class ConfiguredChannels:
    """Implements `airut.ports.channels.Channels` and `airut.ports.asked.AskingChannels`: one sender for each channel of
    each repository."""

    def __init__(self, config: Config, blobs: BlobStore) -> None:
        self._config = config
        installation = installation_id(config.state)
        self._channels: dict[tuple[str, ChannelKind], Channel] = {}
        self._asking: dict[tuple[str, ChannelKind], AskedQuestions] = {}
        for name, repo in config.every_repo.items():
            if repo.channels.console is not None:
                self._channels[name, ChannelKind.CONSOLE] = ConsoleChannel()
            if (slack := repo.channels.slack) is not None:
                from workers.slack_wiring import slack_answers  # see there

                self._channels[name, ChannelKind.SLACK] = self._asking[name, ChannelKind.SLACK] = slack_answers(
                    slack, blobs
                )
            if (mail := repo.channels.email) is not None:
                self._channels[name, ChannelKind.EMAIL] = mail_answers(mail, blobs, installation)

    def of(self, repo: str, kind: ChannelKind) -> Channel | None:
        return self._channels.get((repo, kind))

    def terms(self, repo: str, hints: Hints) -> TaskTerms | None:
        return terms(self._config, repo, hints)

    def asking(self, repo: str, kind: ChannelKind) -> AskedQuestions | None:
        return self._asking.get((repo, kind))

    def notes(self, repo: str, kind: ChannelKind) -> MailNotes | None:
        mail = self._config.every_repo[repo].channels.email if repo in self._config.every_repo else None
        return mail.replies.notes if kind is ChannelKind.EMAIL and mail is not None else None

    def gives_up_after(self, repo: str, kind: ChannelKind) -> timedelta:
        mail = self._config.every_repo[repo].channels.email if repo in self._config.every_repo else None
        by_mail = kind is ChannelKind.EMAIL and mail is not None
        return timedelta(seconds=mail.replies.give_up_after if by_mail and mail else GIVE_UP_AFTER)
