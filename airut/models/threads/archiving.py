"""A thread's end and its next beginning: what goes into the archive, and what comes from there. Pure."""

from datetime import datetime

from airut.models.mail.bounce import KEPT
from airut.models.mail.message_id import parse_message_id
from airut.models.tasks.task import Stored
from airut.models.threads.archive import NOTES_AHEAD, Archived, ArchivedThread, KnownKey, number_at
from airut.models.threads.inbox import SeenKey
from airut.models.threads.message import InboundMessage, MailRoute
from airut.models.threads.state import ThreadName, ThreadState


def archived(state: ThreadState, thread: ThreadName, kept: Archived, now: datetime) -> ArchivedThread:
    """What a later message needs. `kept` is what lies in the blob store."""
    return ArchivedThread(
        thread=thread.thread,
        repo=thread.repo,
        channel=thread.channel,
        ended_at=now,
        keys=tuple(KnownKey(key=seen.key, at=seen.at) for seen in state.inbox.seen),
        participants=state.inbox.participants,
        told=state.notices.told,
        notes=max(state.notices.last, number_at(now)) + NOTES_AHEAD,  # some are sent after this
        subject=state.subject,
        tasks=state.tasks,
        usage=state.usage,
        hints=state.held,
        session_id=state.session_id,
        transcript=kept.transcript or state.stored.transcript,
        bundle=state.stored.bundle,
        changes=state.stored.changes,
        storage=kept.storage or state.stored.storage,
        branch=state.branch,
        published=state.published,
        pull_request=state.pull_request,
        merged=state.merged,
        heard=state.heard,
        bounces=state.bounces,
        losses=tuple(dict.fromkeys((*state.losses, *kept.losses))),
    )


def answers_us(message: InboundMessage) -> bool:
    """Whether it answers a task of this very thread: then there was one, also where nothing is kept of it."""
    if not isinstance(route := message.route, MailRoute):
        return False
    ours = (parse_message_id(reference) for reference in route.references)
    return any(one is not None and one.token == route.token and one.task > 0 for one in ours)


def reopen(state: ThreadState, archive: ArchivedThread) -> None:
    """Go on from an archive, before anything else happens in this life."""
    state.inbox.seen = [SeenKey(key=each.key, at=each.at) for each in archive.keys]
    state.inbox.participants = archive.participants
    state.notices.told, state.notices.last = archive.told, archive.notes
    state.subject, state.tasks, state.usage, state.held = archive.subject, archive.tasks, archive.usage, archive.hints
    state.session_id, state.branch, state.published = archive.session_id, archive.branch, archive.published
    state.pull_request, state.merged = archive.pull_request, archive.merged
    state.stored = Stored(
        transcript=archive.transcript, bundle=archive.bundle, changes=archive.changes, storage=archive.storage
    )
    state.losses, state.heard = archive.losses, archive.heard
    state.bounces = (*archive.bounces, *state.bounces)[-KEPT:]  # one may have come before the archive
