"""The vectors of spec email §12, and fields as large providers write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from airut.models.mail.settings import MailAuth
from signals.mail.auth import ReceivedMail, authenticate, trust_results
from signals.mail.dns import DnsTemporary
from signals.mail.header import HeaderBlock, parse_header_block
from signals.mail.verdict import Deferred, Refused, Verdict, Verified

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class NoDns:
    async def txt(self, name: str) -> tuple[bytes, ...]:
        raise DnsTemporary(name)


def settings(**changes: object) -> MailAuth:
    values = {"trusted_authserv_id": ("mx.test",), "authorized_senders": ("*@example.org",)}
    return MailAuth.model_validate(values | changes)


def judge(*fields: str, sender: str = "alice@example.org", **changes: object) -> Verdict:
    header = HeaderBlock(fields=tuple(("authentication-results", field) for field in fields))
    return trust_results(header, sender, settings(**changes))


def outcome(verdict: Verdict) -> str:
    return verdict.reason if isinstance(verdict, Refused) else type(verdict).__name__


GMAIL = (
    "mx.google.com; dkim=pass header.i=@example.org header.s=20230601 header.b=AbC/d+e=;"
    " spf=pass (google.com: domain of alice@example.org designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=alice@example.org; dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=example.org;"
    " dara=pass header.i=@example.org"
)
M365 = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org; dkim=pass (signature was verified)"
    " header.d=example.org;dmarc=pass action=none header.from=example.org;compauth=pass reason=100"
)
FASTMAIL = (
    "phl-mx-05.messagingengine.com; arc=none (no signatures found); bimi=skipped (DMARC Policy is not at enforcement);"
    " dkim=pass (2048-bit rsa key sha256) header.d=example.org header.i=@example.org header.b=ABCdef12"
    " header.a=rsa-sha256 header.s=2023 x-bits=2048; dmarc=pass policy.published-domain-policy=none"
    " policy.applied-disposition=none policy.evaluated-disposition=none (p=none,d=none,d.eval=none)"
    " policy.policy-from=p header.from=example.org; iprev=pass smtp.remote-ip=2001:db8::1 (mail.example.org);"
    " spf=pass smtp.mailfrom=alice@example.org smtp.helo=mail.example.org;"
    " x-tls=pass smtp.version=TLSv1.3 smtp.cipher=TLS_AES_256_GCM_SHA384 smtp.bits=256/256; x-ptr=pass smtp.helo=a"
)
OPENDMARC = "mx.test; dmarc=pass (p=none dis=none) header.from=example.org"
RSPAMD = (
    "mx.test; dkim=pass header.d=example.org header.s=mail header.b=aBc12345;"
    " dmarc=pass (policy=none) header.from=example.org;"
    " spf=pass (mx.test: domain of alice@example.org designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=alice@example.org"
)


@pytest.mark.parametrize(
    ("field", "authserv_id"),
    [
        (GMAIL, "mx.google.com"),
        (M365, ""),
        (FASTMAIL, "phl-mx-05.messagingengine.com"),
        (OPENDMARC, "mx.test"),
        (RSPAMD, "mx.test"),
        ("mx.test 1; dmarc=pass", "mx.test"),
        ("mx.test 1;DMARC/1 = Pass (ok (really)) header . from = EXAMPLE.org;", "MX.TEST"),
        ('"mx.test"; dmarc=pass reason="it said \\"pass\\"" header.from=example.org', "mx.test"),
        ("(first) mx.test (second) ; dmarc=pass header.from=@example.org", "mx.test"),
        ("mx.test;\r\n dmarc=pass\r\n\theader.from=example.org", "mx.test"),
        ("mx.test; spf=fail smtp.mailfrom=; dmarc=pass header.from=example.org", "mx.test"),
        ('mx.test; spf=pass smtp.mailfrom="x dmarc=fail y"@evil.org; dmarc=pass', "mx.test"),
    ],
)
def test_believed(field: str, authserv_id: str) -> None:
    assert judge(field, trusted_authserv_id=(authserv_id,)) == Verified(address="alice@example.org")


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ('mx.test; spf=pass smtp.mailfrom="x dmarc=pass y"@evil.org', "no_dmarc_result"),
        ('mx.test; spf=pass smtp.mailfrom="x; dmarc=pass; y"@evil.org', "no_dmarc_result"),
        ("mx.test; spf=pass smtp.helo=x dmarc=pass", "no_dmarc_result"),
        ("mx.test; dmarc=fail (really dmarc=pass)", "dmarc_failed"),
        ("mx.test; dmarc=fail (a (; dmarc=pass) b)", "dmarc_failed"),
        ("mx.test; dmarc=pass header.from=evil.org", "other_domain"),
        ("mx.test; dmarc=pass header.from=example.org.evil.org", "other_domain"),
        ("mx.test; dmarc=pass header.from=example.org header.from=evil.org", "other_domain"),
        ("mx.test; dmarc=passthrough", "dmarc_failed"),
        ("mx.test; dmarc=pass.evil", "untrusted_results"),
        ("mx.test; x-dmarc=pass", "no_dmarc_result"),
        ("mx.test; dmarc=pass; dmarc=fail", "dmarc_failed"),
        ("mx.test; dmarc=fail; dmarc=pass", "dmarc_failed"),
        ("mx.test; dmarc=none", "dmarc_failed"),
        ("mx.test; dmarc=bestguesspass", "dmarc_failed"),
        ("mx.test; dmarc/2=pass", "dmarc_failed"),
        ("mx.test; dmarc=pass reason=header.from=evil.org header.from=evil.org", "other_domain"),
        ("mx.test; spf=pass; dkim=pass header.d=example.org", "no_dmarc_result"),
        ("mx.test; none", "no_dmarc_result"),
        ("mx.test; none; dmarc=pass", "untrusted_results"),
        ("mx.test", "untrusted_results"),
        ("mx.test dmarc=pass", "untrusted_results"),
        ("evil.test; dmarc=pass", "untrusted_results"),
        ("evil.test (mx.test); dmarc=pass", "untrusted_results"),
        ("mx.test.evil.org; dmarc=pass", "untrusted_results"),
        ("dmarc=pass header.from=example.org", "untrusted_results"),
        ('mx.test; dmarc=pass reason="unbalanced', "untrusted_results"),
        ("mx.test; dmarc=pass (unbalanced", "untrusted_results"),
        ("", "untrusted_results"),
    ],
)
def test_not_believed(field: str, reason: str) -> None:
    assert outcome(judge(field)) == reason


@pytest.mark.parametrize(
    ("fields", "count", "expected"),
    [
        (("mx.test; dmarc=pass", "mx.test; dmarc=fail"), 1, "Verified"),
        (("evil.test; dmarc=pass", "mx.test; dmarc=pass"), 1, "untrusted_results"),
        (("evil.test; dmarc=pass", "mx.test; dmarc=pass"), 5, "untrusted_results"),
        (("mx.test; spf=pass", "mx.test; dmarc=pass"), 1, "no_dmarc_result"),
        (("mx.test; spf=pass", "mx.test; dmarc=pass"), 2, "Verified"),
        (("mx.test; spf=pass", "evil.test; x=y", "mx.test; dmarc=pass"), 5, "no_dmarc_result"),
        (("mx.test; dmarc=fail", "mx.test; dmarc=pass"), 2, "dmarc_failed"),
        (("mx.test; dmarc=pass", "broken", "mx.test; dmarc=fail"), 5, "Verified"),
    ],
)
def test_only_fields_from_the_top(fields: tuple[str, ...], count: int, expected: str) -> None:
    assert outcome(judge(*fields, results_fields=count)) == expected


def test_header_from_may_be_required() -> None:
    assert outcome(judge("mx.test; dmarc=pass", require_header_from=True)) == "no_header_from"
    assert outcome(judge("mx.test; dmarc=pass header.from=example.org", require_header_from=True)) == "Verified"


@pytest.mark.parametrize(
    ("values", "fallback", "expected"),
    [
        (("Internal",), True, "Verified"),
        (("Internal",), False, "no_results"),
        (("Anonymous",), True, "no_results"),
        (("Internal", "Internal"), True, "no_results"),
        ((), True, "no_results"),
    ],
)
def test_microsoft_internal(values: tuple[str, ...], fallback: bool, expected: str) -> None:
    header = HeaderBlock(fields=tuple(("x-ms-exchange-organization-authas", value) for value in values))
    verdict = trust_results(header, "alice@example.org", settings(microsoft_internal_fallback=fallback))
    assert outcome(verdict) == expected


async def decided(raw: bytes, **changes: object) -> Verdict:
    mail = ReceivedMail(raw=raw, header=parse_header_block(raw), internal_date=NOW)
    return await authenticate(mail, settings(**changes), NoDns())


async def test_a_field_in_the_body_is_text() -> None:
    raw = b"From: alice@example.org\r\n\r\nAuthentication-Results: mx.test; dmarc=pass\r\n"
    assert outcome(await decided(raw)) == "no_results"


async def test_dns_down_is_no_verdict() -> None:
    raw = (
        b"From: alice@example.org\r\nSubject: x\r\nDate: Sun, 01 Mar 2026 00:00:00 +0000\r\n"
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from:subject:date; bh=AAAA; b=AAAA\r\n\r\n"
    )
    assert await decided(raw, mode="verify") == Deferred(detail="s._domainkey.example.org")


@hypothesis_settings(deadline=None)  # the machine is shared; time is not what is tested
@given(st.text(alphabet='mx.test; ()"\\=/abcdfpsnr\t', max_size=60))
def test_never_raises_and_never_accepts_without_a_dmarc_pass(field: str) -> None:
    if isinstance(judge(field), Verified):
        assert "dmarc" in field.lower()
