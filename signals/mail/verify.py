"""Mode `verify`: our own evaluation of DKIM (RFC 6376) with DMARC alignment, for servers that evaluate nothing."""

import asyncio
import re
import time
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from airut.models.base import Model
from airut.models.mail.address import BadAddress, a_labels
from airut.models.mail.settings import MailAuth
from signals.mail.dmarc import NoDmarcRecord, is_aligned
from signals.mail.dns import TxtResolver
from signals.mail.header import HeaderBlock
from signals.mail.verdict import Refused, Verdict, Verified

MAX_SIGNATURES = 8
"""Tried at most: each costs a DNS query and a hash of the body, and who sends more wants to be expensive."""
MIN_RSA_BITS = 1024
MAX_AGE = timedelta(days=5)
"""Between Date and arrival: mail servers give up after five days (RFC 5321 §4.5.4.1); older is a replay."""

CLOCK_DRIFT = 300
"""Seconds that a signer's clock may be ahead of ours: what OpenDKIM grants."""

_ALGORITHMS = {b"rsa-sha256": b"rsa", b"ed25519-sha256": b"ed25519"}
"""And the type of key that each needs (RFC 8463 §4)."""
_SERVICES = {b"*", b"email"}
_COVERED = ("from", "subject", "date")
_LIST_SEPARATOR = re.compile(rb"\s*:\s*")


class Signature(Model):
    """A DKIM-Signature that is worth checking: its place among those fields, and what it claims."""

    index: int
    domain: str
    selector: str
    covers_message_id: bool
    identity: str
    key_type: bytes


async def verify_signatures(
    raw: bytes,
    header: HeaderBlock,
    address: str,
    internal_date: datetime,
    settings: MailAuth,
    resolver: TxtResolver,
) -> Verdict:
    """Accept by an aligned signature that verifies.

    Raises:
        DnsTemporary: a name server did not answer, so that there is no verdict yet.
    """
    if not _dated_recently(header, internal_date):
        return Refused(reason="bad_date", detail="Date is missing or not within five days of arrival")
    fields = header.all("dkim-signature")
    if not fields:
        return Refused(reason="no_signature")
    refused = Refused(reason="bad_signature", detail="no signature that counts verifies")
    now = time.time()
    for index, value in enumerate(fields[:MAX_SIGNATURES]):
        signature = read_signature(index, value, header, now)
        if signature is None or not await _holds(raw, signature, resolver):
            continue
        refusal = await _misaligned(address.rpartition("@")[2], signature.domain, settings, resolver)
        if refusal is None:
            return Verified(address=address, message_id_proven=signature.covers_message_id)
        refused = refusal
    return refused


def read_signature(index: int, value: str, header: HeaderBlock, now: float) -> Signature | None:
    """The signature, if it meets our conditions before any key is fetched: it covers From, Subject and Date, each of
    which stands once, covers the whole body, is not SHA-1, is not from the future and has not expired."""
    try:
        tags = parse_tag_value(value.encode())
        covered = [name.decode().lower() for name in _LIST_SEPARATOR.split(tags[b"h"].strip())]
        domain = a_labels(tags[b"d"].decode())
        selector = tags[b"s"].decode("ascii")
        signed_at, expires = int(tags.get(b"t", b"0")), int(tags.get(b"x", b"0"))
        identity = tags.get(b"i", b"@" + tags[b"d"]).decode().rpartition("@")[2].lower()
    except (InvalidTagValueList, KeyError, ValueError, BadAddress):
        return None
    key_type = _ALGORITHMS.get(tags.get(b"a", b""))
    if b"l" in tags or key_type is None or signed_at > now + CLOCK_DRIFT or (b"x" in tags and expires < now):
        return None
    # A field that stands twice is signed once: a replay could put another subject above the signed one.
    if any(name not in covered or len(header.all(name)) != 1 for name in _COVERED):
        return None
    covers_id = "message-id" in covered and len(header.all("message-id")) == 1
    return Signature(
        index=index,
        domain=domain,
        selector=selector,
        covers_message_id=covers_id,
        identity=identity,
        key_type=key_type,
    )


async def _holds(raw: bytes, signature: Signature, resolver: TxtResolver) -> bool:
    keys = await resolver.txt(f"{signature.selector}._domainkey.{signature.domain}")
    if len(keys) != 1:  # RFC 6376 §3.6.2.2: several are undefined
        return False
    key = usable_key(keys[0], signature)
    return key is not None and await asyncio.to_thread(_verify, raw, signature.index, key)


def usable_key(record: bytes, signature: Signature) -> bytes | None:
    """The record without what dkimpy does not read or misreads (RFC 6376 §3.6.1): None for a testing key, one of
    another version, type or service, one that SHA-256 is not allowed with, or `t=s` for another identity."""
    try:
        tags = parse_tag_value(record)
    except InvalidTagValueList:
        return None
    flags = _words(tags.get(b"t", b""))
    if b"y" in flags or (b"s" in flags and signature.identity != signature.domain):
        return None
    if tags.get(b"v", b"DKIM1") != b"DKIM1" or tags.get(b"k", b"rsa") != signature.key_type:
        return None
    if b"sha256" not in _words(tags.get(b"h", b"sha256")) or not _SERVICES & _words(tags.get(b"s", b"*")):
        return None
    public: bytes = tags.get(b"p", b"")
    return b"k=" + signature.key_type + b"; p=" + public


def _words(value: bytes) -> set[bytes]:
    return {word.strip().lower() for word in value.split(b":")}


def _verify(raw: bytes, index: int, key: bytes) -> bool:
    """dkimpy over the raw bytes. It raises a score of exception types on hostile input, among them assertions and
    struct errors; none of them may end in acceptance, so that this is a boundary."""
    try:
        checker = dkim.DKIM(raw, minkey=MIN_RSA_BITS)
        return checker.verify(idx=index, dnsfunc=_Key(key)) is True
    except Exception:  # whatever it is, the signature did not verify
        return False


class _Key:
    """Answers dkimpy's only question with the key that was fetched before."""

    def __init__(self, record: bytes) -> None:
        self._record = record

    def __call__(self, name: bytes, timeout: float = 0) -> bytes:  # noqa: ARG002  # dkimpy's signature
        return self._record


async def _misaligned(domain: str, signer: str, settings: MailAuth, resolver: TxtResolver) -> Refused | None:
    try:
        if await is_aligned(domain, signer, resolver):
            return None
    except NoDmarcRecord as error:
        if not settings.require_dmarc_record and domain == signer:
            return None
        return Refused(reason="no_dmarc_record", detail=str(error))
    return Refused(reason="not_aligned", detail=f"signed by {signer}, From is {domain}"[:200])


def _dated_recently(header: HeaderBlock, internal_date: datetime) -> bool:
    try:
        date = parsedate_to_datetime(header.first("date") or "")
    except ValueError:
        return False
    if date.tzinfo is None:  # `-0000`: the time is UTC, the zone unknown (RFC 5322 §3.3)
        date = date.replace(tzinfo=internal_date.tzinfo)
    return abs(date - internal_date) <= MAX_AGE
