"""Progress by mail: read when it is sent."""

from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.reply import Replies
from activities.reports import Reports
from airut.adapters.blobs_local import LocalBlobStore
from airut.models.credentials.redaction import Redactor
from airut.models.mail.progress_report import ReportOrder
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.reply import ReplyKind
from tests.activities.test_progress import Runs
from tests.activities.test_reply import TASK, One, Outbox, order
from tests.support.messages import NOON

ORDER = ReportOrder(reply=order(ReplyKind.PROGRESS, seq=2, outcome=None), begun=NOON)


async def test_a_mail_tells_what_the_agent_told_last(tmp_path: Path) -> None:
    outbox, runs = Outbox(), Runs(RunProgress(step="echo s3cret-value"))
    replies = Replies(One(outbox), LocalBlobStore(tmp_path), Redactor({"s3cret-value": "***"}))
    await ActivityEnvironment().run(Reports(replies, runs).report_progress, ORDER)
    (sent,) = outbox.sent
    assert (sent.key, sent.kind) == (f"{TASK.id}/prog/2", ReplyKind.PROGRESS)
    assert "Last step: `echo ***`" in sent.markdown
    assert runs.asked == [TASK.id]


async def test_of_an_agent_that_has_ended_just_now_nothing_is_sent(tmp_path: Path) -> None:
    outbox = Outbox()
    replies = Replies(One(outbox), LocalBlobStore(tmp_path))
    await ActivityEnvironment().run(Reports(replies, Runs()).report_progress, ORDER)
    assert outbox.sent == []
