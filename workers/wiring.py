"""The composition root: here, and in the other files named `wiring`, adapters are constructed, and nowhere else."""

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
from airut.adapters.imap.mailbox import imap_mailbox
from airut.config.budgets import ConfiguredBudgets
from airut.config.schema import Config
from airut.models.command import Submission
from airut.temporal.budget import TemporalBudgetLedger
from airut.temporal.delivery import hand_over, report_if_open
from airut.temporal.payload_sweep import PayloadSweep
from airut.temporal.run_progress import TemporalRunProgress
from airut.temporal.threads import TemporalThreads
from signals.accepted import note_accepted
from signals.mail.dns import DnsResolver
from signals.mail.handling import SubmitRefused
from signals.mail.intake import MailIntake
from signals.mail.status import recorded_in
from workers.audit_wiring import audit_log
from workers.channels_wiring import (
    ConfiguredChannels,
    ConfiguredConversations,
    ConfiguredFiles,
    ConfiguredOpenings,
    access_tokens,
    slack_channels,
)

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
    firings = Firings(TemporalThreads(client), ConfiguredOpenings(config))
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
    ]


class Intake(Protocol):
    """A listener."""

    async def run(self) -> None: ...

    async def drain(self) -> None: ...


def intakes(config: Config, client: Client) -> Sequence[Intake]:
    """One listener for each mailbox and each Slack app."""

    audit = audit_log(config)

    async def submit(accepted: Submission) -> None:
        try:
            await hand_over(client, accepted)
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                raise SubmitRefused(error.message) from error
            raise
        await note_accepted(audit, accepted)

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
            recorded_in(audit),
            redactor=redactor,
            neighbours=tuple(each for each in config.repos if each != name),
        )
        for name, repo in config.repos.items()
        if (channel := repo.channels.email) is not None
    ]
    if not (apps := slack_channels(config)):
        return mail
    from workers.slack_wiring import slack_intake  # see there

    return mail + [slack_intake(config, name, app, client, submit, blobs, audit) for name, app in apps.items()]
