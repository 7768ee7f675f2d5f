import hashlib
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from typing import Literal

import pytest

from airut.adapters.mail_render import RenderedMail, Sender, render
from airut.models.blob import BlobRef
from airut.models.tasks.reply import Outbound, ReplyKind
from airut.models.threads.message import Attachment, ConsoleRoute, MailRoute

TOKEN = "abcdefghij234567"
SENDER = Sender("Airut <bot@example.org>", ("robot@example.org",), "inst-1")
DATE = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
ROUTE = MailRoute(
    token=TOKEN,
    message_id="<two@example.org>",
    references=("<one@example.org>",),
    sender="ann@example.org",
    to=("bot@example.org", "bob@example.org"),
    subject="Re: Fix the tests",
)
PNG = b"\x89PNG\r\n\x1a\n picture"
PDF = b"%PDF-1.7"


def attachment(name: str, media_type: str, content: bytes) -> Attachment:
    ref = BlobRef(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    return Attachment(name=name, media_type=media_type, content=ref)


def outbound(**changes: object) -> Outbound:
    answer = Outbound(
        key="k",
        repo="demo",
        thread=f"demo/mail/{TOKEN}",
        task=2,
        kind=ReplyKind.ANSWER,
        at=datetime(2025, 1, 1, tzinfo=UTC),
        markdown="**Done.**\n",
        footer=("opus, 0.12 USD",),
        routes=(ROUTE,),
        participants=("ann@example.org", "bob@example.org"),
    )
    return answer.model_copy(update=changes)


def read(mail: RenderedMail) -> EmailMessage:
    message = message_from_bytes(mail.content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def content(part: EmailMessage | MIMEPart) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def shape(part: EmailMessage | MIMEPart) -> object:
    if part.is_multipart():
        return (part.get_content_subtype(), [shape(child) for child in part.iter_parts()])
    return part.get_filename() or part.get_content_type()


def test_headers() -> None:
    mail = render(outbound(), SENDER, DATE, {})
    assert mail.content.partition(b"MIME-Version")[0].decode() == (
        "Date: Thu, 02 Jan 2025 03:04:05 +0000\r\n"
        'From: "Airut" <bot@example.org>\r\n'
        "To: ann@example.org\r\n"
        "Cc: bob@example.org\r\n"
        "Subject: Re: Fix the tests\r\n"
        f"Message-ID: <airut.{TOKEN}.2.done.0@example.org>\r\n"
        "In-Reply-To: <two@example.org>\r\n"
        "References: <one@example.org> <two@example.org>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "X-Auto-Response-Suppress: All\r\n"
        "X-Airut-Installation: inst-1\r\n"
    )
    assert (mail.message_id, mail.sender, mail.to, mail.cc) == (
        f"<airut.{TOKEN}.2.done.0@example.org>",
        "bot@example.org",
        ("ann@example.org",),
        ("bob@example.org",),
    )


def test_text_and_html() -> None:
    message = read(render(outbound(), SENDER, DATE, {}))
    assert shape(message) == ("alternative", ["text/plain", "text/html"])
    text, html = message.iter_parts()
    assert content(text) == f"**Done.**\n\n---\nopus, 0.12 USD\nairut {TOKEN}\n"
    assert "<strong>Done.</strong>" in content(html)
    assert f"opus, 0.12 USD<br>\nairut {TOKEN}</p>" in content(html)


def test_pictures_are_shown_and_files_attached() -> None:
    answer = outbound(
        markdown="![plot](plot.png)",
        attachments=(
            attachment("plot.png", "image/png", PNG),
            attachment("unused.png", "image/png", b"other"),
            attachment("Bericht “ä”.pdf", "application/pdf", PDF),
            attachment("mail.eml", "message/rfc822", b"From: x\r\n\r\ny"),
            attachment("lost.txt", "text/plain", b"not at hand"),
        ),
    )
    files = {
        one.content.sha256: data for one, data in zip(answer.attachments, (PNG, b"other", PDF, b"eml"), strict=False)
    }
    message = read(render(answer, SENDER, DATE, files))
    related = ("related", ["text/html", "plot.png"])
    assert shape(message) == (
        "mixed",
        [("alternative", ["text/plain", related]), "unused.png", "Bericht “ä”.pdf", "mail.eml"],
    )
    page, picture = [part for part in message.walk() if part.get_content_type() in ("text/html", "image/png")][:2]
    assert picture.get_content() == PNG
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page.get_content()
    assert [part.get_content() for part in message.iter_attachments()][-2:] == [PDF, b"eml"]


def test_same_input_same_bytes() -> None:
    answer = outbound(attachments=(attachment("a.pdf", "application/pdf", PDF),))
    files = {answer.attachments[0].content.sha256: PDF}
    assert render(answer, SENDER, DATE, files) == render(answer, SENDER, DATE, files)


def test_left_out_files_are_named_above_the_footer() -> None:
    mail = render(outbound(), SENDER, DATE, {}, left_out=["Not sent along: a.pdf"])
    text, html = read(mail).iter_parts()
    assert "---\nNot sent along: a.pdf\nopus" in content(text)
    assert "Not sent along: a.pdf<br>" in content(html)


def test_plain_only() -> None:
    answer = outbound(attachments=(attachment("a.pdf", "application/pdf", PDF),))
    message = read(render(answer, SENDER, DATE, {answer.attachments[0].content.sha256: PDF}, plain_only=True))
    assert shape(message) == "text/plain"


def test_foreign_values_stay_in_their_fields() -> None:
    evil = "x\r\nBcc: eve@evil.example\r\n\r\nbody"
    route = ROUTE.model_copy(
        update={"subject": evil, "message_id": f"<{evil}>", "references": (evil, "<ok@example.org>"), "cc": (evil,)}
    )
    answer = outbound(
        routes=(route,),
        footer=(evil,),
        participants=("bob@example.org", evil),
        attachments=(attachment(evil, "text/html; x=\r\nBcc: y", b"x"),),
    )
    sender = Sender("Airut <bot@example.org>", (), evil)
    message = read(render(answer, sender, DATE, {hashlib.sha256(b"x").hexdigest(): b"x"}))
    assert message.keys() == [
        "Date", "From", "To", "Cc", "Subject", "Message-ID", "References", "Auto-Submitted",
        "X-Auto-Response-Suppress", "X-Airut-Installation", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert message["References"] == "<ok@example.org>"
    assert [part.get_filename() for part in message.iter_attachments()] == ["x Bcc: eve@evil.example body"]


@pytest.mark.parametrize(
    "markdown",
    ["x" * 5000, "日本語" * 2000, "a\0b", ".\n..\n.dot\nFrom here\n", "trailing  \n\ttab \n", "\ud800", "", "\n\n"],
)
def test_lines_are_short_seven_bit_and_end_in_crlf(markdown: str) -> None:
    sent = render(outbound(markdown=markdown), SENDER, DATE, {}).content
    assert sent.isascii()
    assert b"\0" not in sent
    assert sent.count(b"\n") == sent.count(b"\r") == sent.count(b"\r\n")
    assert max(map(len, sent.split(b"\r\n"))) <= 998


def test_text_is_as_written() -> None:
    markdown = "snake_case  \n| a |\n\n```\n\tx = 'é' # " + "y" * 3000 + "\n.\n"
    text = next(iter(read(render(outbound(markdown=markdown), SENDER, DATE, {})).iter_parts()))
    assert content(text) == f"{markdown}\n---\nopus, 0.12 USD\nairut {TOKEN}\n"


def test_several_answered_mails() -> None:
    later = ROUTE.model_copy(update={"message_id": "<three@example.org>", "sender": "bob@example.org", "subject": "B"})
    mail = render(outbound(routes=(ROUTE, ConsoleRoute(), later)), SENDER, DATE, {})
    message = read(mail)
    assert (mail.to, mail.cc) == (("ann@example.org", "bob@example.org"), ())
    assert (message["Subject"], message["In-Reply-To"]) == ("Re: B", "<three@example.org>")


def test_international_address_stands_as_utf8() -> None:
    mail = render(outbound(routes=(ROUTE.model_copy(update={"sender": "jörg@example.org"}),)), SENDER, DATE, {})
    assert "To: jörg@example.org\r\n".encode() in mail.content


@pytest.mark.parametrize("routes", [(), (ConsoleRoute(),), (ROUTE.model_copy(update={"sender": "bot@example.org"}),)])
def test_nobody_to_answer(routes: tuple[MailRoute, ...]) -> None:
    with pytest.raises(ValueError, match="answer"):
        render(outbound(routes=routes), SENDER, DATE, {})


OPENED = MailRoute(
    token=TOKEN,
    message_id=None,
    sender="ann@example.org",
    to=("ann@example.org", "bob@example.org"),
    subject="Re: outdated packages",
    opens=True,
)


def test_a_schedule_opens_a_conversation_with_a_new_mail() -> None:
    mail = render(outbound(routes=(OPENED,), task=1, participants=OPENED.to), SENDER, DATE, {})
    message = read(mail)
    assert (mail.to, mail.cc) == (("ann@example.org", "bob@example.org"), ())
    assert message["Subject"] == "Re: outdated packages"  # ours as it stands, nothing is added or taken away
    assert message["Message-ID"] == f"<airut.{TOKEN}.1.done.0@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert (message["In-Reply-To"], message["References"]) == (None, None)


def test_what_a_schedule_says_later_refers_to_its_first_mail() -> None:
    message = read(render(outbound(routes=(OPENED,), task=7), SENDER, DATE, {}))
    assert message["References"] == f"<airut.{TOKEN}.1.done.0@example.org>"


def test_a_reply_and_a_schedule_answered_together_reach_everybody() -> None:
    reply = ROUTE.model_copy(update={"sender": "carl@example.org"})
    mail = render(outbound(routes=(OPENED, reply)), SENDER, DATE, {})
    assert mail.to == ("ann@example.org", "bob@example.org", "carl@example.org")
    assert read(mail)["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize(
    ("policy", "changes", "subject"),
    [
        ("auto", {}, "Re: Fix the tests"),
        ("auto", {"untied": True}, f"Re: Fix the tests [airut {TOKEN}]"),
        ("auto", {"subject": f"AW: Fix the tests [airut {TOKEN}]"}, f"Re: Fix the tests [airut {TOKEN}]"),
        ("auto", {"subject": f"Re: [AIRUT {TOKEN.upper()}] Fix the tests"}, f"Re: Fix the tests [airut {TOKEN}]"),
        ("auto", {"subject": f"Re: Fix the tests [airut {'z' * 16}]"}, "Re: Fix the tests"),
        ("auto", {"subject": "x" * 600, "untied": True}, f"Re: {'x' * 500}… [airut {TOKEN}]"),
        ("always", {}, f"Re: Fix the tests [airut {TOKEN}]"),
        ("never", {"untied": True}, "Re: Fix the tests"),
        ("never", {"subject": f"Re: Fix the tests [airut {TOKEN}]"}, f"Re: Fix the tests [airut {TOKEN}]"),
    ],
)
def test_subject_tag(policy: Literal["auto", "always", "never"], changes: dict[str, object], subject: str) -> None:
    sender = Sender(SENDER.mailbox, SENDER.aliases, SENDER.installation, subject_tag=policy)
    assert read(render(outbound(routes=(ROUTE.model_copy(update=changes),)), sender, DATE, {}))["Subject"] == subject


def test_one_untied_mail_among_several_is_enough() -> None:
    mail = render(outbound(routes=(ROUTE.model_copy(update={"untied": True}), ROUTE)), SENDER, DATE, {})
    assert read(mail)["Subject"] == f"Re: Fix the tests [airut {TOKEN}]"
