"""The composition root: here, and in `host_wiring`, adapters are constructed, and nowhere else."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.budget import BudgetChecks
from activities.earlier import EarlierReading
from activities.files import FileFetches
from activities.firing import Firings
from activities.keeping import ArchiveKeeping
from activities.payloads import PayloadSweeps
from activities.questions import Questions
from activities.reply import Replies
from activities.reports import Reports
from airut.adapters.archives_local import LocalArchives
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.console import ConsoleChannel
from airut.adapters.imap.mailbox import imap_mailbox
from airut.adapters.imap.sent import ImapSentFolder
from airut.adapters.oauth2 import AccessTokens
from airut.adapters.smtp import SmtpChannel
from airut.config.budgets import ConfiguredBudgets
from airut.config.installation import installation_id
from airut.config.schema import Config
from airut.config.terms import terms
from airut.errors import FileRefused, HistoryRefused
from airut.models.command import Submission
from airut.models.earlier import Earlier, EarlierInput
from airut.models.mail_notes import MailNotes
from airut.models.mail_settings import GIVE_UP_AFTER, EmailChannel
from airut.models.message import ChannelKind, Hints, RemoteFile
from airut.models.slack_settings import SlackChannel
from airut.models.task_terms import TaskTerms
from airut.ports.asked import AskedQuestions
from airut.ports.blobs import BlobStore
from airut.ports.channel import Channel
from airut.ports.conversations import Conversations
from airut.ports.remote_files import FetchedFile, RemoteFiles
from airut.temporal.budget import TemporalBudgetLedger
from airut.temporal.delivery import hand_over, report_if_open
from airut.temporal.payload_sweep import PayloadSweep
from airut.temporal.run_progress import TemporalRunProgress
from airut.temporal.threads import TemporalThreads
from signals.mail.dns import DnsResolver
from signals.mail.handling import SubmitRefused
from signals.mail.intake import MailIntake

Activities = Sequence[Callable[..., Any]]


def blob_store(config: Config) -> LocalBlobStore:
    return LocalBlobStore(config.blob_folder)


def payload_store(config: Config) -> LocalBlobStore:
    """Where values lie that are too large for a history."""
    return LocalBlobStore(config.payloads)


def control_activities(config: Config, client: Client) -> Activities:
    """What the control worker runs besides workflows."""
    blobs = blob_store(config)
    channels = ConfiguredChannels(config, blobs)
    replies = Replies(channels, blobs, config.redactor)
    budgets = BudgetChecks(ConfiguredBudgets(config), TemporalBudgetLedger(client))
    keeping = ArchiveKeeping(
        LocalArchives(config.archives),
        blobs,
        timedelta(seconds=config.archive.keep),
        # Never less than a thread may be silent: what it carries is renewed by its tasks only.
        timedelta(seconds=max(config.blobs.retention, *config.execution.silences)),
    )
    firings = Firings(TemporalThreads(client))
    return [
        replies.acknowledge,
        replies.reply,
        Questions(channels, blobs, config.redactor).settle_question,
        Reports(replies, TemporalRunProgress(client)).report_progress,
        FileFetches(ConfiguredFiles(config), blobs).fetch_files,
        EarlierReading(ConfiguredConversations(config), blobs, config.redactor).read_earlier,
        budgets.reserve_budget,
        budgets.settle_budget,
        budgets.release_budget,
        keeping.keep_archive,
        keeping.recall_archive,
        keeping.expire_records,
        PayloadSweeps(PayloadSweep(client, payload_store(config))).expire_payloads,
        firings.start_thread,
        firings.task_is_pending,
        firings.other_firings,
    ]


class Intake(Protocol):
    """A listener."""

    async def run(self) -> None: ...

    async def drain(self) -> None: ...


def intakes(config: Config, client: Client) -> Sequence[Intake]:
    """One listener for each mailbox and each Slack app."""

    async def submit(accepted: Submission) -> None:
        try:
            await hand_over(client, accepted)
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                raise SubmitRefused(error.message) from error
            raise

    blobs, resolver, redactor = blob_store(config), DnsResolver(), config.redactor
    mail: list[Intake] = [
        MailIntake(
            name,
            channel,
            imap_mailbox(channel.imap, channel.account, access_tokens(channel)),
            submit,
            partial(report_if_open, client),
            blobs,
            resolver,
            redactor=redactor,
            neighbours=tuple(each for each in config.repos if each != name),
        )
        for name, repo in config.repos.items()
        if (channel := repo.channels.email) is not None
    ]
    if not (apps := slack_channels(config)):
        return mail
    from workers.slack_wiring import slack_intake  # see there

    return mail + [slack_intake(config, name, app, client, submit, blobs) for name, app in apps.items()]


def access_tokens(channel: EmailChannel) -> AccessTokens | None:
    """What a mailbox logs in by instead of a password."""
    return AccessTokens(channel.oauth2) if channel.oauth2 is not None else None


def mail_answers(mail: EmailChannel, blobs: BlobStore, installation: str) -> SmtpChannel:
    """The output half of a mailbox."""
    tokens, folder = access_tokens(mail), mail.smtp.sent_folder
    sent = ImapSentFolder(mail.imap, mail.account, folder, tokens) if folder is not None else None
    authorized = mail.auth.authorized_senders
    return SmtpChannel(mail.smtp, mail.account, mail.replies, blobs, installation, tokens, sent, authorized=authorized)


def slack_channels(config: Config) -> dict[str, SlackChannel]:
    """Of the repositories that have one."""
    return {name: app for name, repo in config.repos.items() if (app := repo.channels.slack) is not None}


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


class ConfiguredChannels:
    """Implements `airut.ports.channels.Channels` and `airut.ports.asked.AskingChannels`: one sender for each channel of
    each repository."""

    def __init__(self, config: Config, blobs: BlobStore) -> None:
        self._config = config
        installation = installation_id(config.state)
        self._channels: dict[tuple[str, ChannelKind], Channel] = {}
        self._asking: dict[tuple[str, ChannelKind], AskedQuestions] = {}
        for name, repo in config.repos.items():
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
        mail = self._config.repos[repo].channels.email if repo in self._config.repos else None
        return mail.replies.notes if kind is ChannelKind.EMAIL and mail is not None else None

    def gives_up_after(self, repo: str, kind: ChannelKind) -> timedelta:
        mail = self._config.repos[repo].channels.email if repo in self._config.repos else None
        by_mail = kind is ChannelKind.EMAIL and mail is not None
        return timedelta(seconds=mail.replies.give_up_after if by_mail and mail else GIVE_UP_AFTER)
