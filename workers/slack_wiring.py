"""The composition root of Slack. Apart from `wiring`, which imports it where a repository has a Slack channel: its
libraries take every process half a second of its start."""

import time
from collections.abc import Callable, Mapping
from functools import cache, partial

from temporalio.client import Client

from airut.adapters.audit.thread_control import AuditedThreadControl
from airut.adapters.slack.channel import SlackAnswers
from airut.adapters.slack.conversations import SlackConversations
from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.display import SlackDisplay
from airut.adapters.slack.downloads import SlackDownloads
from airut.adapters.slack.feedback import SlackFeedback
from airut.adapters.slack.forms import SlackForms
from airut.adapters.slack.greetings import SlackGreetings
from airut.adapters.slack.history import WebHistory
from airut.adapters.slack.openings import SlackOpenings
from airut.adapters.slack.web.connection import SlackConnection
from airut.adapters.slack.web.dispatch import BoltDispatch
from airut.adapters.slack.web.limits import RateLimits, Urgency
from airut.adapters.slack.web.pages import PAGE, RESTRICTED_PAGE
from airut.config.restored import numbers_above
from airut.config.schema import Config
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.models.tasks.terms import TaskTerms
from airut.models.threads.amendment import Amendment
from airut.models.threads.command import Submission
from airut.models.threads.message import Hints
from airut.ports.audit import AuditTrail
from airut.ports.blobs import BlobStore
from airut.ports.telemetry import Telemetry
from airut.temporal.delivery import amend_if_open, counted, hand_over_if_open, tell_overheard
from airut.temporal.open_threads import open_slack_threads
from airut.temporal.thread_control import TemporalThreadControl
from signals.accepted import note_accepted
from signals.mail.handling import Submit
from signals.measuring import MeasuredHandOver
from signals.slack.answer_clicks import AnswerClicks
from signals.slack.assistant import SlackAssistantThreads
from signals.slack.backfill import SlackBackfill
from signals.slack.clicks import SlackClicks
from signals.slack.gate import SlackGate
from signals.slack.handover import SlackHandover
from signals.slack.intake import SlackIntake
from signals.slack.late import SlackLate
from signals.slack.link import SlackLink
from signals.slack.names import SlackNames
from signals.slack.places import SlackPlaces
from signals.slack.thread_clicks import ThreadClicks
from signals.slack.watermarks import Watermarks

HISTORY_PATIENCE = 120.0
"""Seconds that reading back waits for its turn; after that it begins again later."""
EARLIER_PATIENCE = 70.0
"""Seconds that reading a thread waits for its turn: with one call a minute, longer than until the next."""
SIGN_PATIENCE = 600.0
"""Seconds after which a reaction on a message is not worth its call any more: it holds nobody up, but many wait."""


def slack_intake(
    config: Config,
    repo: str,
    channel: SlackChannel,
    client: Client,
    submit: Submit,
    blobs: BlobStore,
    audit: AuditTrail,
    telemetry: Telemetry,
) -> SlackIntake:
    connection, directory = _connection(channel), _directory(channel)
    watermarks = Watermarks(config.state / "slack" / f"{repo}.json")
    page = RESTRICTED_PAGE if channel.history_tier == "restricted" else PAGE
    history = WebHistory(connection.web(Urgency.BACKFILL, HISTORY_PATIENCE), page)
    feedback = SlackFeedback(connection.web(Urgency.PROGRESS, SIGN_PATIENCE))
    gate = SlackGate(repo, channel, directory, SlackPlaces(channel.channels, history), feedback, audit)
    greetings = SlackGreetings(connection.web(Urgency.PROGRESS, SIGN_PATIENCE), directory)
    late = SlackLate(directory, gate, greetings)
    backfill = SlackBackfill(channel, history, lambda: open_slack_threads(client, repo), watermarks, late)
    threads = _Threads(client, submit, audit, telemetry, numbers_above(config.state))
    handover = SlackHandover(repo, directory, gate, threads, blobs, config.redactor)
    names = SlackNames(repo, channel, directory, history)
    app = connection.app(directory)
    SlackAssistantThreads(repo, channel, directory, greetings, threads.overheard).listen(app)
    _clicks(config, repo, channel, client, connection, directory, audit).listen(app)
    return SlackIntake(app, SlackLink(repo, connection.socket, BoltDispatch(app)), handover, backfill, names)


def _clicks(
    config: Config,
    repo: str,
    channel: SlackChannel,
    client: Client,
    connection: SlackConnection,
    directory: WebDirectory,
    audit: AuditTrail,
) -> SlackClicks:
    feedback = SlackFeedback(connection.web(Urgency.BUTTON))
    threads = AuditedThreadControl(TemporalThreadControl(client), audit)
    forms = SlackForms(connection.web(Urgency.BUTTON))
    buttons, answers = ThreadClicks(repo, threads), AnswerClicks(repo, threads, forms, config.redactor)
    return SlackClicks(repo, channel, directory, feedback, buttons, answers, audit=audit)


class _Threads:
    """Implements `signals.slack.handover.SlackThreads`."""

    def __init__(self, client: Client, submit: Submit, audit: AuditTrail, telemetry: Telemetry, restored: int) -> None:
        self._client = client
        self._submit = submit
        self._audit = audit
        self._handing = MeasuredHandOver(partial(hand_over_if_open, client), telemetry)
        self._restored = restored

    async def submit(self, accepted: Submission, *, opens: bool) -> bool:
        if opens:
            await self._submit(accepted)
            return True
        taken = await self._handing(counted(accepted, self._restored))
        if taken:
            await note_accepted(self._audit, accepted)
        return taken

    async def amend(self, amendment: Amendment) -> bool:
        return await amend_if_open(self._client, amendment)

    async def overheard(self, thread: str, at: float) -> None:
        await tell_overheard(self._client, thread, at)


@cache
def _limits(bot_token: Secret, restricted: bool) -> RateLimits:  # noqa: ARG001  # the token is the key
    """One for all that this process does with an app: what Slack allows is the app's, and not each part's."""
    return RateLimits(time.monotonic, restricted=restricted)


def _connection(channel: SlackChannel) -> SlackConnection:
    return SlackConnection(channel, _limits(channel.bot_token, channel.history_tier == "restricted"))


def _directory(channel: SlackChannel) -> WebDirectory:
    return WebDirectory(_connection(channel).web())


def slack_answers(channel: SlackChannel, blobs: BlobStore) -> SlackAnswers:
    return SlackAnswers(_connection(channel).web(), _directory(channel), blobs, channel.authorized)


def slack_display(
    channel: SlackChannel, terms: Callable[[Hints], TaskTerms | None], dashboard: str | None
) -> SlackDisplay:
    web = _connection(channel).web(Urgency.PROGRESS)
    return SlackDisplay(web, _directory(channel), channel, terms, dashboard=dashboard)


def slack_conversations(channel: SlackChannel) -> SlackConversations:
    web = _connection(channel).web(patience=EARLIER_PATIENCE)
    return SlackConversations(channel, web, _directory(channel))


def slack_openings(channel: SlackChannel) -> SlackOpenings:
    web = _connection(channel).web()
    return SlackOpenings(web, _directory(channel), WebHistory(web))


def slack_files(channels: Mapping[str, SlackChannel]) -> SlackDownloads:
    return SlackDownloads(channels, {repo: _connection(channel).web() for repo, channel in channels.items()})
