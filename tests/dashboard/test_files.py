"""Files of messages and answers: saved, and never shown."""

from pathlib import Path

import pytest

from airut.dashboard.views.files import disposition
from airut.models.blob import BlobRef
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.task import ReplyRecord
from airut.models.threads.message import Attachment
from tests.dashboard.test_thread import AT, ID, said, status, task
from tests.support.dashboard import Served

PAGE = b"<script>alert(1)</script>" * 40_000  # a million bytes: several pieces


async def test_a_file_of_a_message_and_one_of_the_answer(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    sent = Attachment(name='a "page".html', media_type="text/html", content=await served.blobs.put(PAGE))
    made = Attachment(name="plan.txt", media_type="text/plain", content=await served.blobs.put(b"plan"))
    known = task(1, said("Look").model_copy(update={"attachments": (sent,)}))
    record = ReplyRecord(
        kind=ReplyKind.ANSWER, message_id="m", markdown=await served.blobs.put(b"Done."), delivered_at=AT,
        attachments=(made,),
    )  # fmt: skip
    assert known.result is not None
    result = known.result.model_copy(update={"reply": record})
    served.tasks.known[ID, 1] = known.model_copy(update={"result": result})
    served.control.known[ID] = status()
    browser = served.browser()
    page = (await browser.get(f"/threads/{ID}")).text
    links = [part.split('"')[0] for part in page.split('<a href="') if "/files/" in part.split('"')[0]]
    assert links == [
        f"/threads/{ID}/tasks/1/files/{sent.content.sha256}?name=a%20%22page%22.html",
        f"/threads/{ID}/tasks/1/files/{made.content.sha256}?name=plan.txt",
    ]
    assert links[0] in (await browser.get(f"/threads/{ID}/tasks/1")).text
    first, second = [await browser.get(link) for link in links]
    assert (first.content == PAGE, second.content) == (True, b"plan")
    headers = ("content-type", "content-disposition", "content-length", "x-content-type-options")
    assert [first.headers[name] for name in headers] == [
        "application/octet-stream", disposition(sent.name), str(len(PAGE)), "nosniff",
    ]  # fmt: skip


async def test_what_is_not_there(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    lost = Attachment(name="lost.txt", media_type="text/plain", content=BlobRef(sha256="1" * 64, size=4))
    served.tasks.known[ID, 1] = task(1, said("Look").model_copy(update={"attachments": (lost,)}))
    other = await served.blobs.put(b"of another task")
    browser = served.browser()
    for number, digest, words in (
        (1, lost.content.sha256, "lost.txt is not kept any more."),
        (1, other.sha256, "This task has no such file"),
        (2, lost.content.sha256, "This task has no such file"),
    ):
        answer = await browser.get(f"/threads/{ID}/tasks/{number}/files/{digest}")
        assert (answer.status_code, words in answer.text) == (404, True)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plan.txt", "attachment; filename=\"plan.txt\"; filename*=UTF-8''plan.txt"),
        ("Käse.txt", "attachment; filename=\"K_se.txt\"; filename*=UTF-8''K%C3%A4se.txt"),
        ('a"\r\nX: y', "attachment; filename=\"a__X_ y\"; filename*=UTF-8''a%22%0AX%3A%20y"),
        ("txt.\u202eexe", "attachment; filename=\"txt._exe\"; filename*=UTF-8''txt.%EF%BF%BDexe"),
        ("", "attachment; filename=\"file\"; filename*=UTF-8''file"),
    ],
)
def test_names(name: str, header: str) -> None:
    assert disposition(name) == header
