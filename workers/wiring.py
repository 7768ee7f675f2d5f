"""The composition root: here, and in the other files named `wiring`, adapters are constructed, and nowhere else."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.budget import BudgetChecks
from activities.earlier import EarlierReading
from activities.files import FileFetches
from activities.firing import Firings
from activities.follow_up import FollowUps
from activities.keeping import ArchiveKeeping
from activities.payloads import PayloadSweeps
from activities.questions import Questions
from activities.reply import Replies
from activities.reports import Reports
from airut.adapters.health_local import LocalHealthBoard
from airut.adapters.imap.mailbox import imap_mailbox
from airut.adapters.stores import Stores, stores
from airut.adapters.telemetry.trail import CountedTrail
from airut.config.budgets import ConfiguredBudgets
from airut.config.restored import numbers_above
from airut.config.schema import Config
from airut.models.base import Model
from airut.models.credentials.lookalikes import shown_instead
from airut.models.mail.settings import EmailChannel, mailbox_of
from airut.models.slack.settings import SlackChannel
from airut.models.telemetry.metrics import CHANNEL_UP
from airut.models.threads.command import Submission
from airut.ports.blobs import KeptBlobs
from airut.ports.telemetry import Telemetry
from airut.temporal.budget import TemporalBudgetLedger
from airut.temporal.delivery import counted, hand_over, report_if_open
from airut.temporal.payload_sweep import PayloadSweep
from airut.temporal.run_progress import TemporalRunProgress
from airut.temporal.threads import TemporalThreads
from signals.accepted import note_accepted
from signals.mail.dns import DnsResolver
from signals.mail.handling import SubmitRefused
from signals.mail.intake import MailIntake
from signals.mail.status import recorded_in
from signals.measuring import MeasuredHandOver
from signals.status import ListenerState, ListenerStatus
from workers.audit_wiring import audit_log
from workers.channels_wiring import (
    ConfiguredChannels,
    ConfiguredConversations,
    ConfiguredFiles,
    ConfiguredOpenings,
    access_tokens,
)
from workers.forge_wiring import ConfiguredPullRequests
from workers.listeners import Listener
from workers.telemetry_wiring import Look, host_name

Activities = Sequence[Callable[..., Any]]


def shared_stores(config: Config) -> Stores:
    """What the machines of this installation share."""
    return stores(config.blobs.bucket, config.blobs.endpoint, config.blob_folder)


def blob_store(config: Config) -> KeptBlobs:
    return shared_stores(config).blobs


def health_board(config: Config) -> LocalHealthBoard:
    """Where processes tell how they fare."""
    return LocalHealthBoard(config.health)


def payload_store(config: Config) -> KeptBlobs:
    """Where values lie that are too large for a history."""
    return shared_stores(config).payloads


def control_activities(config: Config, client: Client) -> Activities:
    """What the control worker runs besides workflows."""
    blobs = blob_store(config)
    channels = ConfiguredChannels(config, blobs)
    replies = Replies(channels, blobs, config.redactor, config.dashboard.base_url)
    budgets = BudgetChecks(ConfiguredBudgets(config), TemporalBudgetLedger(client))
    keeping = ArchiveKeeping(
        shared_stores(config).archives,
        blobs,
        timedelta(seconds=config.archive.keep),
        # Never less than a thread may be silent: what it carries is renewed by its tasks only.
        timedelta(seconds=max(config.blobs.retention, *config.execution.silences)),
    )
    threads = TemporalThreads(client)
    firings = Firings(threads, ConfiguredOpenings(config))
    follow_ups = FollowUps(ConfiguredPullRequests(config), threads, config.redactor)
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
        firings.open_conversation,
        firings.start_thread,
        firings.task_is_pending,
        firings.other_firings,
        follow_ups.follow_pull_request,
        follow_ups.look_at_pull_request,
    ]


class Listening(Model):
    """What a listener is made by: where all of it is the same, the listener goes on."""

    repo: str
    channel: EmailChannel | SlackChannel
    neighbours: tuple[str, ...] = ()
    """The repositories beside it, of a mailbox."""
    shown: dict[str, str] = {}
    """What stands for plain variables that look like secrets."""

    @property
    def kind(self) -> str:
        return "email" if isinstance(self.channel, EmailChannel) else "slack"

    @property
    def entrance(self) -> object:
        """The mailbox or the app: what only one may listen to."""
        channel = self.channel
        return mailbox_of(channel) if isinstance(channel, EmailChannel) else channel.app_token

    @property
    def name(self) -> str:
        """Of the listener, whatever it is made by."""
        return f"repos.{self.repo}.channels.{self.kind}"


def listening(config: Config) -> tuple[Listening, ...]:
    """One for each mailbox and each Slack app; of a repository that was taken out of the file as well, so that whoever
    writes there is told, unless another one has its mailbox or app now."""
    shown = shown_instead({name: value for repo in config.repos.values() for name, value in repo.env.items()})
    found: list[Listening] = []
    for name, repo in config.every_repo.items():
        others = tuple(each for each in config.repos if each != name)
        if repo.channels.email is not None:
            found.append(Listening(repo=name, channel=repo.channels.email, neighbours=others, shown=shown))
        if repo.channels.slack is not None:
            found.append(Listening(repo=name, channel=repo.channels.slack, shown=shown))
    taken = {each.entrance for each in found if each.repo in config.repos}
    return tuple(each for each in found if each.repo in config.repos or each.entrance not in taken)


def channels_look(listening: Callable[[], Sequence[tuple[Listening, ListenerStatus]]]) -> Look:
    async def look(into: Telemetry) -> None:
        for made, status in listening():
            up = status.state is ListenerState.CONNECTED
            into.record(CHANNEL_UP, float(up), repo=made.repo, channel=made.kind)

    return look


def intake(config: Config, client: Client, telemetry: Telemetry, wanted: Listening) -> Listener:
    """The listener of a mailbox or a Slack app."""

    audit, restored = CountedTrail(audit_log(config), telemetry, host_name(config)), numbers_above(config.state)
    handing = MeasuredHandOver(partial(hand_over, client), telemetry)

    async def submit(accepted: Submission) -> None:
        try:
            await handing(counted(accepted, restored))
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                raise SubmitRefused(error.message) from error
            raise
        await note_accepted(audit, accepted)

    blobs, channel = blob_store(config), wanted.channel
    if isinstance(channel, SlackChannel):
        from workers.slack_wiring import slack_intake  # see there

        return slack_intake(config, wanted.repo, channel, client, submit, blobs, audit, telemetry)
    return MailIntake(
        wanted.repo,
        channel,
        imap_mailbox(channel.imap, channel.account, access_tokens(channel)),
        submit,
        partial(report_if_open, client),
        blobs,
        DnsResolver(),
        recorded_in(audit),
        redactor=config.redactor,
        neighbours=wanted.neighbours,
    )
