"""What becomes of a mail: who is heard, who is told that he is not, and what is not even looked at."""

from datetime import UTC, datetime, timedelta

import pytest

from airut.models.mail.message_id import derive_token
from airut.models.mail.settings import EmailChannel
from airut.models.threads.command import CommandName
from airut.models.threads.message import MailRoute
from airut.ports.mailbox import Disposition, FetchedMail
from signals.mail.decision import Accept, Decision, Discard, Later, decide
from signals.mail.dns import DnsTemporary
from signals.mail.rates import Rates
from tests.signals.mail.test_message import CHANNEL

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOKEN = "abcdefghij234567"
PASS = "Authentication-Results: mx.test; dmarc=pass header.from=example.com\r\n"
HEAD = "Subject: Fix it\r\nTo: agent@airut.test, alice@example.org\r\nMessage-ID: <1@example.com>\r\n"


class NoDns:
    async def txt(self, name: str) -> tuple[bytes, ...]:
        raise DnsTemporary(name)


def fetched(head: str, body: str = "Please.", arrived: datetime = NOW) -> FetchedMail:
    raw = f"{head}\r\n{body}".encode()
    return FetchedMail(uid=1, size=len(raw), internal_date=arrived, content=raw, whole=True)


async def decided(mail: FetchedMail, rates: Rates | None = None, now: datetime = NOW, **auth: object) -> Decision:
    settings = {"trusted_authserv_id": ("mx.test",), "authorized_senders": ("*@example.org",)} | auth
    channel = EmailChannel.model_validate(CHANNEL | {"auth": settings})
    return await decide(mail, "repo", channel, NoDns(), rates or Rates(channel.limits), now)


def stranger(*more: str) -> FetchedMail:
    return fetched(PASS + "From: Eve <eve@example.com>\r\n" + HEAD + "".join(more))


async def test_a_stranger_is_not_answered() -> None:
    assert await decided(stranger()) == Discard(
        disposition=Disposition.REJECTED, reason="unauthorized", detail="eve@example.com", told_of="unauthorized"
    )


@pytest.mark.parametrize(
    "more",
    [
        (),
        (f"In-Reply-To: <airut.{TOKEN}.1.done.0@airut.test>\r\n",),
        ("Cc: agent+opus@airut.test\r\n", "Reply-To: victim@example.net\r\n"),
    ],
    ids=["new", "answers a thread", "reply-to"],
)
async def test_a_stranger_that_is_told_reaches_no_thread(more: tuple[str, ...]) -> None:
    found = await decided(stranger(*more), reject_reply="daily")
    assert isinstance(found, Discard)
    notice = found.notice
    assert notice is not None
    token = derive_token("repo", "unauthorized\0eve@example.com\x002026-03-02")
    assert (notice.name, notice.said, notice.message.thread, notice.message.participants) == (
        CommandName.HELP,
        "Your mail was not taken: this address is not on the list of those who may give tasks here.",
        f"repo/mail/{token}",
        ("eve@example.com",),
    )
    route = notice.message.route
    assert isinstance(route, MailRoute)
    assert (route.token, route.sender, route.to, route.cc) == (token, "eve@example.com", (), ())
    assert notice.message.text.inline == ""


async def test_a_stranger_is_told_once_a_day() -> None:
    rates = Rates(EmailChannel.model_validate(CHANNEL).limits)
    first = await decided(stranger(), rates, reject_reply="daily")
    assert isinstance(first, Discard)
    assert first.notice is not None
    rates.told("unauthorized", "eve@example.com", NOW)
    for hours, told in ((1, False), (23, False), (25, True)):
        again = await decided(stranger(), rates, NOW + timedelta(hours=hours), reject_reply="daily")
        assert isinstance(again, Discard)
        assert (again.notice is not None) is told


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (PASS + "From: eve@example.com\r\nFrom: alice@example.org\r\n" + HEAD, "bad_from"),
        ("From: eve@example.com\r\n" + HEAD, "no_results"),
        (PASS.replace("pass", "fail") + "From: eve@example.com\r\n" + HEAD, "dmarc_failed"),
        (PASS + "From: alice@example.org\r\n" + HEAD, "other_domain"),
        ("no field at all\r\n" + HEAD, "bad_header"),
    ],
)
async def test_nobody_in_particular_is_never_answered(head: str, reason: str) -> None:
    found = await decided(fetched(head), reject_reply="daily")
    assert (isinstance(found, Discard) and (found.reason, found.notice)) == (reason, None)


async def test_who_is_authorized_is_heard() -> None:
    found = await decided(stranger(), authorized_senders=("eve@example.com",), reject_reply="daily")
    assert isinstance(found, Accept)
    assert (found.draft.sender, found.draft.text) == ("eve@example.com", "Please.")


async def test_a_large_mail_in_mode_verify_is_from_nobody() -> None:
    mail = stranger().model_copy(update={"whole": False, "size": 50_000_000})
    found = await decided(mail, mode="verify", reject_reply="daily")
    assert found == Discard(disposition=Disposition.REJECTED, reason="too_big", detail="50000000 bytes")


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, Later(detail="s._domainkey.example.org")),
        (24, Later(detail="s._domainkey.example.org")),
        (25, Discard(disposition=Disposition.REJECTED, reason="dns", detail="s._domainkey.example.org")),
    ],
)
async def test_a_mail_waits_a_day_for_dns(hours: int, expected: Decision) -> None:
    signature = "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from:subject:date; bh=AAAA; b=AAAA\r\n"
    mail = fetched(f"{signature}From: alice@example.org\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n{HEAD}")
    assert await decided(mail, now=NOW + timedelta(hours=hours), mode="verify") == expected
