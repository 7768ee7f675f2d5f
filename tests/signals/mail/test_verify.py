"""DKIM with keys made here and a name server that is a dictionary."""

import base64
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from airut.models.mail.settings import MailAuth
from signals.mail.auth import ReceivedMail, authenticate
from signals.mail.header import parse_header_block
from signals.mail.verdict import Refused, Verdict, Verified

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAIL = (
    b"From: Alice <alice@example.org>\r\nTo: agent@airut.test\r\nSubject: Fix it\r\n"
    b"Date: Sun, 01 Mar 2026 11:59:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nPlease.\r\n"
)
FIELDS = [b"from", b"to", b"subject", b"date", b"message-id"]


class Zone(dict[str, tuple[bytes, ...]]):
    async def txt(self, name: str) -> tuple[bytes, ...]:
        return self.get(name, ())


def make_key(bits: int) -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


PRIVATE, PUBLIC = make_key(1024)


def signed(mail: bytes = MAIL, domain: bytes = b"example.org", fields: list[bytes] = FIELDS, **more: object) -> bytes:
    field: bytes = dkim.sign(mail, b"s", domain, PRIVATE, include_headers=fields, **more)
    return field + mail


def zone(**changes: tuple[bytes, ...]) -> Zone:
    values = {"key": (PUBLIC,), "dmarc": (b"v=DMARC1; p=none",)} | changes
    return Zone({"s._domainkey.example.org": values["key"], "_dmarc.example.org": values["dmarc"]})


async def check(raw: bytes, names: Zone, **changes: object) -> Verdict:
    settings = MailAuth.model_validate({"mode": "verify", "authorized_senders": ("*@example.org",)} | changes)
    mail = ReceivedMail(raw=raw, header=parse_header_block(raw), internal_date=ARRIVED)
    return await authenticate(mail, settings, names)


def reason(verdict: Verdict) -> str:
    return verdict.reason if isinstance(verdict, Refused) else type(verdict).__name__


async def test_aligned_signature() -> None:
    assert await check(signed(), zone()) == Verified(address="alice@example.org")


async def test_message_id_not_signed() -> None:
    verdict = await check(signed(fields=FIELDS[:4]), zone())
    assert verdict == Verified(address="alice@example.org", message_id_proven=False)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (MAIL, "no_signature"),
        (signed().replace(b"Please", b"Do not"), "bad_signature"),
        (signed().replace(b"alice@", b"bob@"), "bad_signature"),
        (signed().replace(b"Fix it", b"Break it"), "bad_signature"),
        (b"Subject: Another\r\n" + signed(), "bad_signature"),
        (b"From: eve@example.org\r\n" + signed(), "bad_from"),
        (signed(fields=[b"from", b"date"]), "bad_signature"),
        (signed(fields=[b"from", b"subject"]), "bad_signature"),
        (signed(length=True), "bad_signature"),
        (signed(signature_algorithm=b"rsa-sha1"), "bad_signature"),
        (signed(MAIL.replace(b"01 Mar", b"20 Feb")), "bad_date"),
        (signed(MAIL.replace(b"Date: Sun, 01", b"Date: rubbish")), "bad_date"),
        (b"Authentication-Results: mx; dmarc=pass\r\n" + MAIL, "no_signature"),
    ],
)
async def test_refused(raw: bytes, expected: str) -> None:
    assert reason(await check(raw, zone())) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (zone(), "Verified"),
        (zone(key=()), "bad_signature"),
        (zone(key=(PUBLIC, PUBLIC)), "bad_signature"),
        (zone(key=(PUBLIC + b"; t=y",)), "bad_signature"),
        (zone(key=(PUBLIC + b"; t=s",)), "Verified"),
        (zone(key=(b"v=DKIM1; p=",)), "bad_signature"),
        (zone(key=(b"rubbish",)), "bad_signature"),
        (zone(dmarc=()), "no_dmarc_record"),
        (zone(dmarc=(b"v=DMARC1; p=none", b"v=DMARC1; p=none")), "no_dmarc_record"),
        (zone(dmarc=(b"v=DMARC1; p=whatever",)), "no_dmarc_record"),
        (zone(dmarc=(b"google-site-verification=x", b"v=DMARC1; p=reject; adkim=s")), "Verified"),
    ],
)
async def test_records(names: Zone, expected: str) -> None:
    assert reason(await check(signed(), names)) == expected


async def test_without_a_record_only_the_exact_domain() -> None:
    assert reason(await check(signed(), zone(dmarc=()), require_dmarc_record=False)) == "Verified"
    below = Zone({"s._domainkey.mail.example.org": (PUBLIC,)})
    raw = signed(domain=b"mail.example.org")
    assert reason(await check(raw, below, require_dmarc_record=False)) == "no_dmarc_record"


@pytest.mark.parametrize(
    ("signer", "records", "expected"),
    [
        ("mail.example.org", {"_dmarc.example.org": b"v=DMARC1; p=none"}, "Verified"),
        ("mail.example.org", {"_dmarc.example.org": b"v=DMARC1; p=none; adkim=s"}, "not_aligned"),
        ("evil.org", {"_dmarc.example.org": b"v=DMARC1; p=none"}, "not_aligned"),
        ("badexample.org", {"_dmarc.example.org": b"v=DMARC1; p=none"}, "not_aligned"),
        ("org", {"_dmarc.example.org": b"v=DMARC1; p=none", "_dmarc.org": b"v=DMARC1; p=none; psd=y"}, "not_aligned"),
        (
            "mail.example.org",
            {"_dmarc.example.org": b"v=DMARC1; p=none", "_dmarc.mail.example.org": b"v=DMARC1; p=none; psd=n"},
            "not_aligned",
        ),
    ],
)
async def test_alignment(signer: str, records: dict[str, bytes], expected: str) -> None:
    names = Zone({f"s._domainkey.{signer}": (PUBLIC,)} | {name: (text,) for name, text in records.items()})
    assert reason(await check(signed(domain=signer.encode()), names)) == expected


async def test_the_second_signature_may_be_the_good_one() -> None:
    raw = b"DKIM-Signature: v=1; a=rsa-sha256; d=evil.org; s=x; h=from:subject:date; bh=AAAA; b=AAAA\r\n" + signed()
    assert reason(await check(raw, zone())) == "Verified"


async def test_at_most_eight_are_tried() -> None:
    bad = b"DKIM-Signature: v=1; a=rsa-sha256; d=evil.org; s=x; h=from:subject:date; bh=AAAA; b=AAAA\r\n"
    assert reason(await check(bad * 8 + signed(), zone())) == "bad_signature"
