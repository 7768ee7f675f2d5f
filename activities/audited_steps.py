"""What the steps of a task have to say to the audit log, before and after (spec: operations §5)."""

from airut.contracts import stubs
from airut.models.hosts.sweep import SweepReport
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import PublishInput, PublishResult, ReplyInput, WorkspaceInput
from airut.models.tasks.task import ReplyRecord
from airut.models.telemetry.audit import AuditAction, AuditEvent, Detail
from airut.models.threads.archive import RemoveOrder
from airut.models.threads.message import InboundMessage

WORKSPACE, REPLY, START = (step.__name__ for step in (stubs.prepare_workspace, stubs.reply, stubs.start_thread))


def begun(step: str, order: object, workflow: str) -> AuditEvent | None:
    """What must be recorded before the step may do anything: the start of the task `workflow`, each time that its
    workspace is prepared."""
    if step == WORKSPACE and isinstance(order, WorkspaceInput):
        detail = {"repo": order.repo, "thread": order.thread}
        return AuditEvent(actor="airut", action=AuditAction.TASK_STARTED, object=workflow, detail={**detail})
    return None


def done(step: str, order: object, result: object) -> AuditEvent | None:
    """What has happened by it."""
    match order, result:
        case PublishInput(), PublishResult(pull_request=request, branch=branch, commit=commit) if branch is not None:
            detail = {"branch": branch, "commit": commit, "url": request.url if request else None}
            action = AuditAction.PULL_REQUEST if request else AuditAction.PUSHED
            return AuditEvent(actor="airut", action=action, object=order.task.id, detail={**detail})
        case ReplyInput(kind=ReplyKind.ANSWER), _ if step == REPLY and order.question is None:
            return _ended(order, result.message_id if isinstance(result, ReplyRecord) else None)
        case RemoveOrder(), _:
            detail = {"what": "workspace, session and storage on this host"}
            return AuditEvent(actor="airut", action=AuditAction.THREAD_REMOVED, object=order.thread, detail={**detail})
        case _, SweepReport() if result.threads or result.sandboxes:
            gone: dict[str, Detail] = {"threads": result.threads, "sandboxes": result.sandboxes}
            return AuditEvent(actor="airut", action=AuditAction.DELETED, object="this host", detail=gone)
        case InboundMessage(), _ if step == START:
            detail = {"channel": str(order.channel), "verdict": "a schedule of this installation", "key": order.key}
            return AuditEvent(
                actor=order.author, action=AuditAction.MESSAGE_ACCEPTED, object=order.thread, detail={**detail}
            )
    return None


def failed(step: str, order: object) -> AuditEvent | None:
    """An answer that could not be sent is the end of its task all the same."""
    if step == REPLY and isinstance(order, ReplyInput) and order.kind is ReplyKind.ANSWER and order.question is None:
        return _ended(order, None)
    return None


def _ended(order: ReplyInput, reply: str | None) -> AuditEvent:
    return AuditEvent(
        actor="airut",
        action=AuditAction.TASK_ENDED,
        object=order.task.id,
        detail={
            "outcome": str(order.outcome),
            "cost_usd": round(order.usage.cost_usd, 6),
            "messages": tuple(message.key for message in order.task.messages),
            "reply": reply,
        },
    )
