"""Who sent a mail, as a value: verified, refused, or not decidable yet (spec: email §4)."""

from datetime import datetime
from typing import Literal

from airut.models.base import Model
from airut.models.mail.address import a_labels
from airut.models.mail.settings import MailAuth
from signals.mail.auth_results import AuthenticationResults, parse_authentication_results
from signals.mail.dns import DnsTemporary, TxtResolver
from signals.mail.header import HeaderBlock
from signals.mail.sender import BadFrom, author
from signals.mail.verdict import Deferred, Refused, Verdict, Verified
from signals.mail.verify import verify_signatures

_INTERNAL = "x-ms-exchange-organization-authas"


class ReceivedMail(Model):
    """What a verdict is made from: the whole mail as it lies on the server, and when it got there."""

    raw: bytes
    header: HeaderBlock
    internal_date: datetime


async def authenticate(mail: ReceivedMail, settings: MailAuth, resolver: TxtResolver) -> Verdict:
    """Decide who sent the mail. No exception ends in acceptance: what is not understood is refused."""
    try:
        address = author(mail.header)
    except BadFrom as error:
        return Refused(reason="bad_from", detail=str(error))
    if settings.mode == "results":
        return trust_results(mail.header, address, settings)
    try:
        return await verify_signatures(mail.raw, mail.header, address, mail.internal_date, settings, resolver)
    except DnsTemporary as error:
        return Deferred(detail=str(error))


def trust_results(header: HeaderBlock, address: str, settings: MailAuth) -> Verdict:
    """Mode `results`: believe the topmost fields, if the receiving server wrote them."""
    fields = header.all("authentication-results")
    if not fields:
        if settings.microsoft_internal_fallback and [v.lower() for v in header.all(_INTERNAL)] == ["internal"]:
            return Verified(address=address)
        return Refused(reason="no_results", detail="no Authentication-Results field")
    trusted = _trusted(fields[: settings.results_fields], settings.trusted_authserv_id)
    if not trusted:
        return Refused(reason="untrusted_results", detail=fields[0][:200])
    return _judge(trusted, address, require_header_from=settings.require_header_from)


def _trusted(fields: tuple[str, ...], ids: tuple[str, ...]) -> list[AuthenticationResults]:
    """The fields from the top down to, but without, the first that is not from a trusted server."""
    known = {each.lower() for each in ids}
    trusted: list[AuthenticationResults] = []
    for value in fields:
        parsed = parse_authentication_results(value)
        if parsed is None or parsed.authserv_id not in known:
            break
        trusted.append(parsed)
    return trusted


def _judge(fields: list[AuthenticationResults], address: str, *, require_header_from: bool) -> Verdict:
    dmarc = [result for field in fields for result in field.results if result.method == "dmarc"]
    if not dmarc:
        return Refused(reason="no_dmarc_result", detail="the server did not say what DMARC gave")
    domain = address.rpartition("@")[2]
    for result in dmarc:
        if result.result != "pass" or result.version != 1:
            return Refused(reason="dmarc_failed", detail=f"dmarc={result.result}")
        names = result.property_values("header", "from")
        if require_header_from and not names:
            return Refused(reason="no_header_from", detail="dmarc=pass does not say for which domain")
        if any(_domain(name) != domain for name in names):
            return Refused(reason="other_domain", detail=f"dmarc=pass is for {names[0]}, From is {domain}"[:200])
    return Verified(address=address)


def _domain(name: str) -> str | Literal[False]:
    """The domain of a `header.from`; False for what is none, which equals no domain."""
    try:
        return a_labels(name.rpartition("@")[2])
    except BadFrom:
        return False
