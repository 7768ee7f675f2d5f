"""DMARC policy discovery and alignment (RFC 9989): the DNS tree walk, `psd=`, strict and relaxed DKIM alignment."""

import re
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from airut.models.base import Model
from signals.mail.dns import TxtResolver

MAX_QUERIES = 8
"""RFC 9989 §4.10: a longer name is cut to its rightmost seven labels after the first query."""

_VERSION = re.compile(rb"v\s*=\s*DMARC1\s*(?:;|$)")
_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\s*=\s*([^;]*)")
_POLICIES = {"none", "quarantine", "reject"}


class DmarcRecord(Model):
    """A record as far as alignment needs it."""

    strict: bool = False
    """`adkim=s`: the domains must be equal."""
    psd: str = "u"
    """`y`: a public suffix; `n`: an organizational domain; `u`: found out by walking."""


class NoDmarcRecord(Exception):
    """There is none to go by: absent, several at one name, or malformed."""


async def is_aligned(author_domain: str, signing_domain: str, resolver: TxtResolver) -> bool:
    """Whether a DKIM signature of that domain speaks for the author's (RFC 9989 §5.3.1). Both in A-labels.

    Raises:
        NoDmarcRecord: the author's domain has no usable record.
        DnsTemporary: no answer now.
    """
    records = await _walk(author_domain, resolver)
    if not records:
        raise NoDmarcRecord(f"no DMARC record for {author_domain}")
    if author_domain == signing_domain:
        return True
    organization = _organization(author_domain, records)
    policy = records.get(author_domain) or records[organization]
    if policy.strict:
        return False
    if organization == signing_domain:
        return True
    if not signing_domain.endswith("." + organization):
        return False
    # Below the same name, but maybe with an organizational domain of its own (psd=n, psd=y) in between.
    return _organization(signing_domain, await _walk(signing_domain, resolver)) == organization


def names_to_ask(domain: str) -> tuple[str, ...]:
    """The domain, then its parents, at most eight names (RFC 9989 §4.10)."""
    labels = domain.split(".")
    parents = labels[1:] if len(labels) <= MAX_QUERIES else labels[-(MAX_QUERIES - 1) :]
    return (domain, *(".".join(parents[i:]) for i in range(len(parents))))


def parse_dmarc_record(text: bytes) -> DmarcRecord | None:
    """Parse one record that begins with `v=DMARC1`; None when it is malformed (RFC 9989 §4.7)."""
    tags: dict[str, str] = {}
    for part in text.decode("utf-8", errors="replace").split(";"):
        if not part.strip():
            continue
        match = _TAG.fullmatch(part.strip())
        if match is None or match[1].lower() in tags:
            return None
        tags[match[1].lower()] = match[2].strip()
    policy = tags.get("p", "none" if "rua" in tags else "").lower()
    alignment, psd = tags.get("adkim", "r").lower(), tags.get("psd", "u").lower()
    if policy not in _POLICIES or alignment not in {"r", "s"} or psd not in {"y", "n", "u"}:
        return None
    return DmarcRecord(strict=alignment == "s", psd=psd)


async def _walk(domain: str, resolver: TxtResolver) -> dict[str, DmarcRecord]:
    """Records by the name where they stand, from the domain up to its organization's. A registry's is none: `psd=y`
    tells it, and the list of public suffixes, since few registries say so themselves.

    Raises:
        NoDmarcRecord: several records at one name, or a malformed one.
    """
    records: dict[str, DmarcRecord] = {}
    for name in names_to_ask(domain):
        if name != domain and _suffixes().is_public(name):
            break
        found = [text for text in await resolver.txt(f"_dmarc.{name}") if _VERSION.match(text)]
        if not found:
            continue
        record = parse_dmarc_record(found[0])
        if len(found) > 1 or record is None:
            raise NoDmarcRecord(f"the DMARC record of {name} is not usable")
        if record.psd == "y" and name != domain:
            break
        records[name] = record
        if record.psd == "n":
            break
    return records


def _organization(domain: str, records: dict[str, DmarcRecord]) -> str:
    """The organizational domain (RFC 9989 §4.10.2): where the highest record stands."""
    return next(reversed(records), domain)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list that comes with the package: nothing is fetched
