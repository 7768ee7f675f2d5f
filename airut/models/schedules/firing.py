"""One firing of a schedule: what its workflow is given, what its trigger said, and how it ended."""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.blob import Text
from airut.models.hosts.workspace import DefaultBranch
from airut.models.mail.message_id import derive_token, workflow_id
from airut.models.schedules.clock_shift import ClockShift
from airut.models.schedules.cron import parse_cron
from airut.models.schedules.due import Due, judge
from airut.models.schedules.schedule import ScheduleSettings
from airut.models.slack.thread import slack_thread
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.message import ChannelKind, Hints, InboundMessage, MailRoute, SlackRoute


class Opening(Model):
    """Asks for the post of ours in Slack that a firing's thread begins with. `key` tells it from every other, `place`
    is a channel's id or `#name`, and nothing of it was posted before `begun`."""

    repo: str
    place: str
    subject: str
    key: str
    begun: datetime


class ScheduledTask(Model):
    """The argument of every firing of a schedule. It holds all that depends on the zone database, so that a firing's
    history replays the same after the database has changed."""

    repo: str
    name: str
    zone: str
    settings: ScheduleSettings
    shifts: tuple[ClockShift, ...] = ()
    """The jumps of the zone's clocks that firings of the coming years can meet."""

    @property
    def id(self) -> str:
        """The id of the Temporal Schedule."""
        return f"{self.repo}/schedule/{self.name}"

    def judge(self, nominal: datetime) -> Due:
        """What a firing is worth that is meant for this time."""
        cron = self.settings.cron
        return Due.DUE if cron is None else judge(parse_cron(cron), self.shifts, nominal)

    def folder(self, nominal: datetime) -> str:
        """Under which name the trigger's folders lie, in the form of a thread id."""
        return f"{self.repo}/schedule/{self.name}.{nominal.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"

    @property
    def subject(self) -> str:
        return self.settings.subject or f"{self.repo}: {self.name}"

    def opening(self, nominal: datetime, now: datetime) -> Opening | None:
        """The post in Slack whose thread this firing is; None where its answer goes out by mail."""
        if (place := self.settings.deliver.slack) is None:
            return None
        return Opening(repo=self.repo, place=place, subject=self.subject, key=self._key(nominal), begun=now)

    def message(
        self, nominal: datetime, sent_at: datetime, text: Text, notify: str, opened: SlackRoute | None = None
    ) -> InboundMessage:
        """What the firing says to its thread. The same firing always says the same. `opened` is where its post is."""
        thread, people, route = self._in_slack(opened) if opened else self._by_mail(nominal)
        return InboundMessage(
            key=self._key(nominal),
            thread=thread,
            repo=self.repo,
            channel=ChannelKind.EMAIL if opened is None else ChannelKind.SLACK,
            author=self.id,
            participants=people,
            open_to_authorized=True,  # a schedule is not a person who would have to be copied in
            sent_at=nominal,
            received_at=sent_at,
            subject=self.subject,
            text=text,
            hints=Hints(model=self.settings.model, effort=self.settings.effort),
            route=route,
            notify=notify,
        )

    def _in_slack(self, opened: SlackRoute) -> tuple[str, tuple[str, ...], MailRoute | SlackRoute]:
        """Thread, participants and route of a firing that a post of ours has opened a thread for."""
        return slack_thread(self.repo, opened.team, opened.channel, opened.thread_ts), (), opened

    def _by_mail(self, nominal: datetime) -> tuple[str, tuple[str, ...], MailRoute | SlackRoute]:
        """Thread, participants and route of a firing whose answer is a mail."""
        people = self.settings.deliver.email
        token = derive_token(self.repo, f"{self.id}\0{_at(nominal)}" if self.settings.thread == "new" else self.id)
        route = MailRoute(token=token, message_id=None, sender=people[0], to=people, subject=self.subject, opens=True)
        return workflow_id(self.repo, token), people, route

    def _key(self, nominal: datetime) -> str:
        return hashlib.sha256(f"{self.id}\0{_at(nominal)}".encode()).hexdigest()


def _at(nominal: datetime) -> str:
    return nominal.astimezone(UTC).isoformat()


class TriggerInput(Model):
    """One run of a schedule's command. `attempt` counts sandboxes, so that a retry by Temporal adopts what runs."""

    repo: str
    name: str
    folder: str
    attempt: int
    image: str
    policy: DefaultBranch
    command: tuple[str, ...]
    timeout_s: float
    output_limit: int

    @property
    def task(self) -> str:
        """What the sandbox is labelled with."""
        return f"{self.folder}/task-1"


class TriggerResult(Model):
    """How the command ended. `prompt` is None when there is nothing to do: it went well and said nothing."""

    code: int
    prompt: Text | None = None


class TriggerCleanUp(Model):
    folder: str
    attempts: int


class GiveWay(Model):
    """Asks a running firing to stop its task and to end; whoever asked is told when it has."""

    asker: str
    """Workflow id of the newer firing."""


class OtherFirings(Model):
    """Asks for the firings of a schedule that are older than `firing` (a workflow id) and still run."""

    schedule: str
    firing: str


class FiringEnd(StrEnum):
    """How a firing ended, besides the outcomes of its task."""

    SKIPPED_REPEAT = "skipped_repeat"
    NOT_DUE = "not_due"
    NOTHING_TO_DO = "nothing_to_do"
    STOPPED = "stopped"
    UNDELIVERED = "undelivered"
    """Its thread could not be opened."""
    DELIVERED = "delivered"


class FiringResult(Model):
    """What came of a firing."""

    end: FiringEnd
    thread: str | None = None
    task: str | None = None
    outcome: TaskOutcome | None = None
    """The task's; the trigger's own where there never was a task."""

    @property
    def word(self) -> str:
        """One word for lists."""
        return str(self.outcome or self.end)
