"""Reports of failed deliveries as mail servers write them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.mail.bounce import Bounce
from airut.models.tasks.reply import ReplyKind
from signals.mail.bounces import read_bounce
from signals.mail.header import HeaderBlock, parse_header_block
from signals.mail.loops import answers_invitation
from tests.support.messages import NOON

OURS = "<airut.abcdefghij234567.3.done.0@mail.test>"
POSTFIX = f"""\
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bot@mail.test
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Thu, 26 Nov 2026 09:00:00 +0000 (UTC)

Final-Recipient: rfc822; ann@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: Recipient address
    rejected: User unknown

--B
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: bot@mail.test
Message-ID: {OURS}
Subject: Re: hi

Done.
--B--
"""
BOUNCE = Bounce(
    thread="web/mail/abcdefghij234567",
    task=3,
    kind=ReplyKind.ANSWER,
    message_id=OURS,
    recipient="ann@example.org",
    diagnostic="550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown",
    at=NOON,
)


def read(text: str) -> Bounce | None:
    raw = text.replace("\n", "\r\n").encode()
    return read_bounce(raw, parse_header_block(raw), "web", "mail.test", NOON)


def but(*changes: tuple[str, str]) -> str:
    text = POSTFIX
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


HEADERS_ONLY = ("Content-Type: message/rfc822\n\nFrom", "Content-Type: text/rfc822-headers\n\nFrom")
GLOBAL = (
    "Content-Type: message/delivery-status\n",
    "Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n",
)
DIAGNOSTIC = POSTFIX[POSTFIX.index("Diagnostic-Code") : POSTFIX.index("User unknown") + 13]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (POSTFIX, {}),
        (but(HEADERS_ONLY), {}),
        (but(GLOBAL), {}),
        (but((DIAGNOSTIC, "")), {"diagnostic": "5.1.1"}),
        (but((DIAGNOSTIC, ""), ("Status: 5.1.1\n", "")), {"diagnostic": "no reason is given"}),
        (but(("Final-Recipient: rfc822; ann@example.org\n", "")), {"recipient": ""}),
        (but(("smtp; 550", "X-Postfix; 550")), {}),
        (but((f"Message-ID: {OURS}\n", ""), ("To: bot@", f"In-Reply-To: {OURS}\nTo: bot@")), {}),
        (but((".done.0@", ".ack.0@")), {"kind": ReplyKind.ACKNOWLEDGEMENT, "message_id": OURS.replace("done", "ack")}),
        # One group of fields for each recipient; the first that failed is told.
        (but(("Final-Recipient", "Final-Recipient: rfc822; bob@example.org\nAction: relayed\n\nFinal-Recipient")), {}),
    ],
)
def test_a_failed_delivery_of_ours(text: str, changes: dict[str, object]) -> None:
    assert read(text) == BOUNCE.model_copy(update=changes)


def test_a_servers_words_are_one_short_line() -> None:
    found = read(but(("User unknown", "User \x1b[31m unknown " + "x" * 400)))
    assert found is not None
    assert (len(found.diagnostic), "\x1b" in found.diagnostic) == (300 - len("smtp; "), False)


@pytest.mark.parametrize(
    "text",
    [
        but(("Action: failed", "Action: delayed")),
        but(("Action: failed", "Action: delivered")),
        but(("@mail.test>", "@other.test>")),  # an answer of somebody else's Airut
        but((OURS, "<CAF@mail.gmail.com>")),
        but(("message/delivery-status", "text/plain")),
        but(("--B\nContent-Description: Delivery report", "--B--\n")),
        "Subject: no report\n\n" + OURS,
        # What a report returns is not a part of the report.
        "Content-Type: message/rfc822\n\n" + POSTFIX,
    ],
)
def test_another_report(text: str) -> None:
    assert read(text) is None


def test_a_report_in_base64() -> None:
    coded = base64.encodebytes(f"Message-ID: {OURS}\n".encode()).decode()
    headers = f"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n{coded}--B--\n"
    found = read(POSTFIX[: POSTFIX.index("Content-Type: message/rfc822")] + headers)
    assert found == BOUNCE
    assert found.words == f"reply bounced at ann@example.org: {BOUNCE.diagnostic}"


@given(st.data())
def test_whatever_comes_nothing_is_raised(data: st.DataObject) -> None:
    """A report that is cut, doubled or overwritten anywhere, and whether it answers an invitation."""
    raw = POSTFIX.replace("rfc822;", "text/calendar; method=REPLY").encode()
    start, end = sorted((data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, len(raw)))))
    raw = raw[:start] + data.draw(st.binary(max_size=30)) + raw[end:] + data.draw(st.sampled_from([b"", raw]))
    found = read_bounce(raw, HeaderBlock(fields=()), "web", "mail.test", NOON)
    assert found is None or found.thread == BOUNCE.thread
    assert answers_invitation(raw) in (True, False)
