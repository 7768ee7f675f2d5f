"""A row of the table: a mail, and what OpenDKIM, OpenDMARC and we say of it. Where we are stricter, why."""

from typing import NamedTuple

from tests.signals.mail.dmarc.zone import KEY
from tests.support.dkim_signing import mail, signed

# Ours in mode `verify`, OpenDKIM's, OpenDMARC's, ours in mode `results`.
BROKEN = ("bad_signature", "fail", "fail", "dmarc_failed")
PERMANENT = ("bad_signature", "permerror", "fail", "dmarc_failed")
STRICTER = ("bad_signature", "pass", "pass", "Verified")
UNSIGNED = ("no_signature", "", "fail", "dmarc_failed")
UNALIGNED = ("not_aligned", "pass", "fail", "dmarc_failed")
LAXER = ("not_aligned", "pass", "pass", "Verified")
NO_POLICY = ("no_dmarc_record", "pass", "none", "dmarc_failed")
BAD_FROM = ("bad_from", "pass", "pass", "bad_from")


class Row(NamedTuple):
    name: str
    raw: bytes
    ours: str = "Verified"
    """Mode `verify`: `Verified`, or the reason."""
    dkim: str = "pass"
    """OpenDKIM's results in the order of the signatures; empty where it writes none."""
    dmarc: str = "pass"
    """OpenDMARC's result; empty where it writes none."""
    results: str = "Verified"
    """Mode `results`, by what the two wrote."""
    why: str = ""
    """Why we refuse what OpenDMARC accepts."""


def by(domain: str, signer: str) -> bytes:
    """From `domain`, signed by `signer`."""
    return signed(mail(f"Alice <alice@{domain}>"), KEY, signer)


def changed(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert old in raw
    return raw.replace(old, new)


GOOD = signed(mail(), KEY)
