"""What was handed over to a thread, as the audit log has it."""

from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.models.threads.command import Submission, ThreadCommand
from airut.models.threads.message import ChannelKind, InboundMessage
from airut.ports.audit import AuditTrail, note

VERDICTS = {
    ChannelKind.EMAIL: "authenticated and authorized",
    ChannelKind.SLACK: "authorized",
    ChannelKind.CONSOLE: "on this machine",
}


def accepted(submission: Submission) -> AuditEvent:
    """Who asked, in which thread, and why that was let in; never what for."""
    if isinstance(submission, ThreadCommand):
        message, action = submission.message, AuditAction.THREAD_COMMAND
    else:
        message, action = submission, AuditAction.MESSAGE_ACCEPTED
    detail = {"command": str(submission.name)} if isinstance(submission, ThreadCommand) else {}
    return AuditEvent(
        actor=message.author,
        action=action,
        object=message.thread,
        detail={**detail, "channel": str(message.channel), "verdict": _verdict(message), "key": message.key},
    )


async def note_accepted(trail: AuditTrail, submission: Submission) -> None:
    await note(trail, accepted(submission))


def _verdict(message: InboundMessage) -> str:
    return "a schedule of this installation" if message.opens else VERDICTS[message.channel]
