"""The outcomes of authentication."""

from typing import Literal

from airut.models.base import Model

RefusalReason = Literal[
    "bad_from",
    "no_results",
    "untrusted_results",
    "no_dmarc_result",
    "dmarc_failed",
    "no_header_from",
    "other_domain",
    "no_signature",
    "bad_signature",
    "not_aligned",
    "no_dmarc_record",
    "bad_date",
    "dns",
]


class Verified(Model):
    """The mail is from this address, in the form of `sender.normalized`."""

    address: str
    message_id_proven: bool = True
    """False where a replay could come under a new Message-ID, so that the key must not rest on it."""


class Refused(Model):
    """Nobody is known to have sent it. `detail` is for the operator, never for the sender."""

    reason: RefusalReason
    detail: str = ""


class Deferred(Model):
    """DNS did not answer: no verdict yet."""

    detail: str = ""


Verdict = Verified | Refused | Deferred
