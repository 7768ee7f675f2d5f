"""The DNS that the mails of the DMARC table are judged by: keys by signing domain, policies by author domain."""

from tests.support.dkim_signing import Key, ed25519_key, rsa_key, weak_rsa_key

KEY = rsa_key(1024)
STRONG = rsa_key(2048)
WEAK = weak_rsa_key()
OTHER = rsa_key(1024)
ED25519 = ed25519_key()


def _p(key: Key) -> bytes:
    return key.record.rpartition(b"p=")[2]


_SELECTORS = {
    "strong": STRONG.record,
    "weak": WEAK.record,
    "ed": ED25519.record,
    "other": OTHER.record,
    "testing": KEY.record + b"; t=y",
    "testing2": KEY.record + b"; t=s:y",
    "exact": KEY.record + b"; t=s",
    "revoked": b"v=DKIM1; k=rsa; p=",
    "rubbish": b"v=DKIM1; k=rsa; p=AAAA",
    "sha1": KEY.record + b"; h=sha1",
    "sha256": KEY.record + b"; h=sha1:sha256",
    "tlsrpt": KEY.record + b"; s=tlsrpt",
    "chat": KEY.record + b"; s=chat",
    "email": KEY.record + b"; s=email",
    "services": KEY.record + b"; s=chat:email",
    "version2": b"v=DKIM2; k=rsa; p=" + _p(KEY),
    "bare": b"p=" + _p(KEY),
    "unknown": b"v=DKIM1; k=dsa; p=" + _p(KEY),
    "notes": KEY.record + b"; n=rotated in March; x-own=1",
}
_SIGNERS = (
    "mail.example.org",
    "a.example.org",
    "example.net",
    "badexample.org",
    "org",
    "strict.org",
    "mail.strict.org",
    "own.example.org",
    "department.example.org",
    "x.department.example.org",
    "nopolicy.org",
    "mail.nopolicy.org",
    "two.org",
    "malformed.org",
    "late.org",
    "firm.co.uk",
    "mail.firm.co.uk",
    "other.co.uk",
    "co.uk",
    "firm.ac.uk",
    "other.ac.uk",
    "ac.uk",
    "only.psd.org",
    "psd.org",
    "deep.example.com",
    "lists.example.net",
    "xn--mller-kva.org",
)

ZONE: dict[str, tuple[bytes, ...]] = {
    **{f"{selector}._domainkey.example.org": (record,) for selector, record in _SELECTORS.items()},
    **{f"s._domainkey.{domain}": (KEY.record,) for domain in ("example.org", *_SIGNERS)},
    "several._domainkey.example.org": (KEY.record, OTHER.record),
    "_dmarc.example.org": (b"v=DMARC1; p=none; sp=reject",),
    "_dmarc.own.example.org": (b"v=DMARC1; p=reject; adkim=s",),
    "_dmarc.department.example.org": (b"v=DMARC1; p=none; psd=n",),
    "_dmarc.strict.org": (b"v=DMARC1; p=reject; adkim=s; aspf=s",),
    "_dmarc.two.org": (b"v=DMARC1; p=none", b"v=DMARC1; p=reject"),
    "_dmarc.malformed.org": (b"v=DMARC1; p=whatever",),
    "_dmarc.late.org": (b"p=none; v=DMARC1",),
    "_dmarc.co.uk": (b"v=DMARC1; p=none; psd=y",),
    "_dmarc.firm.co.uk": (b"v=DMARC1; p=quarantine",),
    "_dmarc.other.co.uk": (b"v=DMARC1; p=none",),
    # A registry that has a policy and does not say that it is a registry.
    "_dmarc.ac.uk": (b"v=DMARC1; p=none",),
    "_dmarc.psd.org": (b"v=DMARC1; p=none; psd=y",),
    "_dmarc.example.com": (b"v=DMARC1; p=none",),
    "_dmarc.xn--mller-kva.org": (b"v=DMARC1; p=none",),
}
