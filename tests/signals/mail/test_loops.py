import pytest

from signals.mail.header import parse_header_block
from signals.mail.loops import LoopReason, answers_invitation, loop_reason

OURS = ("agent@airut.test", "robot@airut.test")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Auto-Submitted: auto-replied", LoopReason.AUTO_SUBMITTED),
        ("Auto-Submitted: (hi) Auto-Generated; type=x", LoopReason.AUTO_SUBMITTED),
        ("Auto-Submitted: no", None),
        ("Auto-Submitted: No (really); x=y", None),
        ("Precedence: bulk", LoopReason.LIST),
        ("Precedence: first-class", None),
        ("List-Id: People <people.example.org>", LoopReason.LIST),
        ("List-Id: Allowed <allowed.example.org>", None),
        ("List-Post: <mailto:allowed@example.org>", None),
        ("List-Post: <mailto:people@example.org>", LoopReason.LIST),
        ("X-Auto-Response-Suppress: DR, OOF", LoopReason.SUPPRESS),
        ("X-Auto-Response-Suppress: All", LoopReason.SUPPRESS),
        ("X-Auto-Response-Suppress: None", None),
        ("X-Auto-Response-Suppress: DR, RN, NRN", None),
        ("X-Autoreply: yes", LoopReason.SUPPRESS),
        ("Return-Path: <>", LoopReason.BOUNCE),
        ("Return-Path: <alice@example.org>", None),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", LoopReason.BOUNCE),
        ("From: Mail Delivery <MAILER-DAEMON@example.org>", LoopReason.BOUNCE),
        ("From: postmaster@example.org", LoopReason.BOUNCE),
        ("From: Me <Agent@airut.test>", LoopReason.OWN),
        ("X-Airut-Installation: x", LoopReason.OWN),
        ("Message-ID: <airut.aaaaaaaaaaaaaaaa.1.done.0@other.test>", LoopReason.OWN),
        ("Content-Type: text/calendar; method=REPLY", LoopReason.CALENDAR),
        ("Content-Type: text/calendar; method=REQUEST", None),
        ("Content-Class: urn:content-classes:recallmessage", LoopReason.CALENDAR),
        ("Subject: Auto-Submitted: auto-replied", None),
        ("Auto-Submitted:", None),
        ("Precedence: junk", LoopReason.LIST),
        ("Precedence: List", LoopReason.LIST),
        ("Precedence: auto_reply", LoopReason.LIST),
        ("X-Auto-Response-Suppress: AutoReply", LoopReason.SUPPRESS),
        ("X-Autorespond: ", LoopReason.SUPPRESS),
        ("Return-Path: < >", LoopReason.BOUNCE),
        ("From: Robot <ROBOT@Airut.Test>", LoopReason.OWN),
        ("Message-ID: <airut.short.1.done.0@other.test>", None),
        ("Content-Type: text/calendar; method=counter", LoopReason.CALENDAR),
        ('Content-Type: text/calendar; charset=utf-8; method="CANCEL"', LoopReason.CALENDAR),
        ("Content-Type: text/calendar", None),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", LoopReason.CALENDAR),
        ("Content-Class: urn:content-classes:mdn-receipt", LoopReason.CALENDAR),
        ("Content-Class: urn:content-classes:message", None),
        # Where several fit, the audit names what explains most.
        ("X-Airut-Installation: x\r\nAuto-Submitted: auto-replied\r\nReturn-Path: <>", LoopReason.OWN),
        ("Return-Path: <>\r\nAuto-Submitted: auto-replied", LoopReason.BOUNCE),
    ],
)
def test_loop_reason(header: str, reason: LoopReason | None) -> None:
    block = parse_header_block(f"{header}\r\n\r\n".encode())
    assert loop_reason(block, OURS, ("allowed.example.org", "allowed@example.org")) is reason


ACCEPTED = """\
Subject: Accepted: planning
Content-Type: multipart/mixed; boundary=M

--M
Content-Type: multipart/alternative; boundary=A

--A
Content-Type: text/plain

Ann has accepted.
--A
Content-Type: text/calendar; charset=UTF-8; method=REPLY

BEGIN:VCALENDAR
METHOD:REPLY
--A--
--M--
"""


@pytest.mark.parametrize(
    ("mail", "answers"),
    [
        (ACCEPTED, True),
        (ACCEPTED.replace("method=REPLY", "method=REQUEST"), False),
        (ACCEPTED.replace("method=REPLY", "method=REPLY\nContent-Disposition: attachment; filename=a.ics"), False),
        ("Content-Type: message/rfc822\n\n" + ACCEPTED, False),
        ("Subject: how does text/calendar; method=REPLY work?\n\ntext/calendar", False),
    ],
    ids=["accepted", "an invitation", "attached", "forwarded", "asked about"],
)
def test_an_answer_to_an_invitation_may_be_one_form_of_the_text(mail: str, answers: bool) -> None:
    assert answers_invitation(mail.encode()) is answers
