import hashlib
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.smtp import SmtpChannel
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.blob import BlobRef
from airut.models.credentials.secret import Secret
from airut.models.mail.settings import MailAccount, Replies, Security, SmtpSettings
from airut.models.tasks.reply import Delivery, Outbound, ReplyKind
from airut.models.threads.message import Attachment, ConsoleRoute, MailRoute
from tests.adapters.smtp.scripted_server import ScriptedServer, running

TOKEN = "abcdefghij234567"
MESSAGE_ID = f"<airut.{TOKEN}.1.done.0@mail.test>"
ROUTE = MailRoute(
    token=TOKEN,
    message_id="<one@mail.test>",
    sender="ann@mail.test",
    to=("bot@mail.test", "bob@mail.test"),
    subject="Fix",
)
FILE = b"%PDF-1.7 content"
OUTBOUND = Outbound(
    key="demo/mail/x/task-1/done/0",
    repo="demo",
    thread="demo/mail/x",
    task=1,
    kind=ReplyKind.ANSWER,
    at=datetime(2025, 1, 1, tzinfo=UTC),
    markdown="Done.",
    routes=(ROUTE,),
    participants=("ann@mail.test", "bob@mail.test"),
)


def channel(port: int, blobs: Path, **changes: object) -> SmtpChannel:
    settings = SmtpSettings(host="127.0.0.1", port=port, security=Security.PLAIN).model_copy(update=changes)
    account = MailAccount(username="bot", password=Secret('p"ä\\'), **{"from": "Airut <bot@mail.test>"})
    return SmtpChannel(
        settings,
        account,
        Replies(attachments=1000),
        LocalBlobStore(blobs),
        "inst-1",
        authorized=("*@mail.test",),
    )


async def with_file(blobs: Path, content: bytes = FILE) -> Outbound:
    ref = await LocalBlobStore(blobs).put(content)
    attachment = Attachment(name="report.pdf", media_type="application/pdf", content=ref)
    return OUTBOUND.model_copy(update={"attachments": (attachment,)})


def shapes(server: ScriptedServer) -> list[str]:
    return [message_from_bytes(mail, policy=default).get_content_type() for mail in server.mails]


async def test_a_mail_is_handed_over(tmp_path: Path) -> None:
    async with running(ScriptedServer()) as server:
        assert await channel(server.port, tmp_path).send(OUTBOUND) == Delivery(message_id=MESSAGE_ID)
    assert [command.split(" SIZE")[0] for command in server.commands] == [
        "EHLO mail.test",
        "AUTH PLAIN AGJvdABwIsOkXA==",
        "MAIL FROM:<bot@mail.test>",
        "RCPT TO:<ann@mail.test>",
        "RCPT TO:<bob@mail.test>",
        "DATA",
        "QUIT",
    ]
    assert message_from_bytes(server.mails[0])["Message-ID"] == MESSAGE_ID


async def test_a_second_try_sends_the_same_bytes(tmp_path: Path) -> None:
    async with running(ScriptedServer({".": ["hang up", "250 OK"]})) as server:
        sender = channel(server.port, tmp_path)
        with pytest.raises(DeliveryDeferred):
            await sender.send(OUTBOUND)
        await sender.send(OUTBOUND)
        await sender.send(OUTBOUND.model_copy(update={"key": "another", "seq": 1}))
    first, second, other = server.mails
    assert first == second != other


@pytest.mark.parametrize(
    "answers",
    [
        {"EHLO": ["421 busy"]},
        {"EHLO": ["hang up"]},
        {"AUTH": ["535 5.7.8 wrong password"]},
        {"AUTH": ["454 4.7.0 temporary"]},
        {"MAIL": ["451 later"]},
        {"MAIL": ["530 5.7.0 authentication required"]},
        {"RCPT TO:<ann@": ["450 greylisted"]},
        {"DATA": ["421 going down"]},
        {".": ["451 4.3.0 later"]},
        {".": ["hang up"]},
    ],
)
async def test_not_now(tmp_path: Path, answers: dict[str, list[str]]) -> None:
    async with running(ScriptedServer(answers)) as server:
        with pytest.raises(DeliveryDeferred, match=r"127\.0\.0\.1"):
            await channel(server.port, tmp_path).send(await with_file(tmp_path))


@pytest.mark.parametrize(
    "answers",
    [
        {"MAIL": ["550 5.7.1 not your address"]},
        {"RCPT": ["550 5.1.1 no such user"]},
        {".": ["554 5.7.1 spam"]},
        {".": ["552 5.3.4 too big"]},
        {"MAIL": ["552 5.3.4 too big"]},
    ],
)
async def test_never(tmp_path: Path, answers: dict[str, list[str]]) -> None:
    async with running(ScriptedServer(answers)) as server:
        with pytest.raises(DeliveryRefused, match=r"55\d 5\.\d\.\d"):
            await channel(server.port, tmp_path).send(await with_file(tmp_path))


async def test_nothing_listens(tmp_path: Path) -> None:
    async with running(ScriptedServer()) as server:
        port = server.port
    with pytest.raises(DeliveryDeferred, match=f"127.0.0.1:{port}"):
        await channel(port, tmp_path).send(OUTBOUND)


@pytest.mark.parametrize("refusal", ["552 5.3.4 too big", "523 5.2.3 no", "554 5.3.4 message size exceeds limit"])
@pytest.mark.parametrize("stage", ["MAIL", "."])
async def test_too_large_goes_once_more_without_files_which_are_named(tmp_path: Path, refusal: str, stage: str) -> None:
    async with running(ScriptedServer({stage: [refusal, "250 OK"]})) as server:
        delivery = await channel(server.port, tmp_path).send(await with_file(tmp_path))
    note = "Not attached: report.pdf, since the mail would be too large for the server"
    assert delivery == Delivery(message_id=MESSAGE_ID, notes=(note,))
    assert shapes(server)[-1] == "multipart/alternative"
    text = message_from_bytes(server.mails[-1], policy=default).get_body(("plain",))
    assert text is not None
    assert note in text.get_content()


async def test_refused_content_goes_once_more_as_plain_text(tmp_path: Path) -> None:
    async with running(ScriptedServer({".": ["554 5.7.1 no HTML here", "250 OK"]})) as server:
        delivery = await channel(server.port, tmp_path).send(await with_file(tmp_path))
    assert shapes(server) == ["multipart/mixed", "text/plain"]
    assert delivery.notes == ("Not attached: report.pdf, since the server refused",)


async def test_too_large_then_refused_then_plain(tmp_path: Path) -> None:
    async with running(ScriptedServer({".": ["552 big", "554 HTML", "250 OK"]})) as server:
        await channel(server.port, tmp_path).send(await with_file(tmp_path))
    assert shapes(server) == ["multipart/mixed", "multipart/alternative", "text/plain"]


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "450 4.2.0 greylisted"])
async def test_a_refused_copy_does_not_stop_the_answer(tmp_path: Path, answer: str) -> None:
    async with running(ScriptedServer({"RCPT TO:<bob@": [answer]})) as server:
        delivery = await channel(server.port, tmp_path).send(OUTBOUND)
    assert delivery.notes == (f"bob@mail.test was not reached: {answer}",)
    assert len(server.mails) == 1


async def test_files_that_do_not_fit_or_are_gone_are_named(tmp_path: Path) -> None:
    gone = Attachment(
        name="gone.txt",
        media_type="text/plain",
        content=BlobRef(sha256=hashlib.sha256(b"gone").hexdigest(), size=4),
    )
    large = await with_file(tmp_path, b"x" * 1001)
    outbound = large.model_copy(update={"attachments": (*large.attachments, gone)})
    async with running(ScriptedServer()) as server:
        delivery = await channel(server.port, tmp_path).send(outbound)
    assert delivery.notes == (
        "Not attached: report.pdf, since files may have 1000 bytes in total",
        "Not attached: gone.txt, since it cannot be read any more",
    )


async def test_an_answer_to_no_mail_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match="cannot be a mail"):
        await channel(1, tmp_path).send(OUTBOUND.model_copy(update={"routes": (ConsoleRoute(),)}))


async def test_without_authentication(tmp_path: Path) -> None:
    async with running(ScriptedServer()) as server:
        await channel(server.port, tmp_path, auth=False).send(OUTBOUND)
    assert not [command for command in server.commands if command.startswith("AUTH")]


async def test_international_addresses_need_the_extension(tmp_path: Path) -> None:
    outbound = OUTBOUND.model_copy(update={"routes": (ROUTE.model_copy(update={"sender": "jörg@mail.test"}),)})
    async with running(ScriptedServer()) as server:
        with pytest.raises(DeliveryRefused, match="internationalised"):
            await channel(server.port, tmp_path).send(outbound)
    async with running(ScriptedServer(extensions=("SMTPUTF8", "8BITMIME", "AUTH PLAIN"))) as server:
        await channel(server.port, tmp_path).send(outbound)
    assert "MAIL FROM:<bot@mail.test> SMTPUTF8 BODY=8BITMIME" in server.commands
    assert "RCPT TO:<jörg@mail.test>" in server.commands


async def test_no_credentials_without_starttls(tmp_path: Path) -> None:
    """STARTTLS stripped on the way: the connection ends before anything of ours is said."""
    async with running(ScriptedServer()) as server:
        with pytest.raises(DeliveryDeferred, match="offers no STARTTLS"):
            await channel(server.port, tmp_path, security=None).send(OUTBOUND)
    assert server.commands == ["EHLO mail.test", "QUIT"]


async def test_who_is_not_on_the_list_any_more_is_not_copied_in_and_that_is_told(tmp_path: Path) -> None:
    route = ROUTE.model_copy(update={"cc": ("eve@elsewhere.test",)})
    outbound = OUTBOUND.model_copy(
        update={"routes": (route,), "participants": (*OUTBOUND.participants, "eve@elsewhere.test")}
    )
    async with running(ScriptedServer()) as server:
        delivery = await channel(server.port, tmp_path).send(outbound)
    assert delivery.notes == ("Not copied in: eve@elsewhere.test",)
    assert [line for line in server.commands if line.startswith("RCPT")] == [
        "RCPT TO:<ann@mail.test>",
        "RCPT TO:<bob@mail.test>",
    ]
