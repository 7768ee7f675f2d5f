import pytest

from signals.mail.header import parse_header_block
from signals.mail.loops import LoopReason, loop_reason

OURS = ("agent@airut.test",)


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
    ],
)
def test_loop_reason(header: str, reason: LoopReason | None) -> None:
    block = parse_header_block(f"{header}\r\n\r\n".encode())
    assert loop_reason(block, OURS, ("allowed.example.org", "allowed@example.org")) is reason
