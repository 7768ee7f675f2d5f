"""DKIM signatures made by hand (RFC 6376), so that each tag can be what a test wants, also what no signer writes."""

import base64
import hashlib
import re
import time
from email.utils import formatdate
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

FIELDS = "from:to:subject:date:message-id"
PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_WEAK_PRIMES = (
    32633105763360249671081107358544723824326718532443737006932266974770510360648201785421586454672311557941555754370447,
    30007161830679468780560204097440253755352455408539290565416231332133968467169346760503812201066370730733605060372859,
)
_UNFOLDED = re.compile(rb"\r\n(?![ \t])")


class Key(NamedTuple):
    private: PrivateKey
    record: bytes
    """What stands in DNS, without anything that is optional."""


def rsa_key(bits: int) -> Key:
    return _rsa(rsa.generate_private_key(public_exponent=65537, key_size=bits))


def weak_rsa_key() -> Key:
    """768 bit, which the library no longer makes, only reads; of two primes that everybody may know."""
    p, q, e = _WEAK_PRIMES[0], _WEAK_PRIMES[1], 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return _rsa(rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key())


def _rsa(key: rsa.RSAPrivateKey) -> Key:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Key(key, b"v=DKIM1; k=rsa; p=" + base64.b64encode(der))


def ed25519_key() -> Key:
    key = ed25519.Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Key(key, b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw))


def mail(
    sender: str = "Alice <alice@example.org>", subject: str = "Fix it", body: str = "Please.\r\n", **fields: str
) -> bytes:
    """A whole mail of now. `fields` come on top; `Message_ID` and the like replace what would be there."""
    values = {
        "From": sender,
        "To": "agent@airut.test",
        "Subject": subject,
        "Date": formatdate(time.time()),
        "Message-ID": "<1@example.org>",
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in values.items()).encode() + b"\r\n" + body.encode()


def signed(
    raw: bytes,
    key: Key,
    domain: str = "example.org",
    *,
    selector: str = "s",
    fields: str = FIELDS,
    canonical: str = "relaxed/relaxed",
    length: int | None = None,
    **tags: str,
) -> bytes:
    """The mail with one more signature on top. `tags` add to and replace the usual ones (`x="1"`, `a="rsa-sha1"`)."""
    algorithm = "ed25519-sha256" if isinstance(key.private, ed25519.Ed25519PrivateKey) else "rsa-sha256"
    of_header, of_body = canonical.split("/")
    head, _, body = raw.partition(b"\r\n\r\n")
    text = _body(body, relaxed=of_body == "relaxed")[:length]
    digest = hashlib.new("sha1" if tags.get("a", algorithm) == "rsa-sha1" else "sha256", text).digest()
    values = {
        "v": "1",
        "a": algorithm,
        "c": canonical,
        "d": domain,
        "s": selector,
        "h": fields,
        **({} if length is None else {"l": str(length)}),
        "bh": base64.b64encode(digest).decode(),
    } | tags
    field = f"DKIM-Signature: {'; '.join(f'{name}={value}' for name, value in values.items())}; b=".encode()
    relaxed = of_header == "relaxed"
    present = _UNFOLDED.split(head)
    covered = [_take(present, name.strip()) for name in fields.split(":")]
    hashed = b"".join(_header(each, relaxed=relaxed) + b"\r\n" for each in covered if each)
    signature = _sign(key.private, hashed + _header(field, relaxed=relaxed), values["a"])
    return field + base64.b64encode(signature) + b"\r\n" + raw


def sealed(raw: bytes, key: Key, domain: str) -> bytes:
    """The mail with a first ARC set on top (RFC 8617 §4.1): what `domain` says that it saw."""
    seen = f"ARC-Authentication-Results: i=1; {domain}; dkim=pass header.d=example.org; dmarc=pass".encode()
    signature = signed(raw, key, domain).partition(b"\r\n")[0]
    message = signature.replace(b"DKIM-Signature: v=1;", b"ARC-Message-Signature: i=1;")
    seal = f"ARC-Seal: i=1; a=rsa-sha256; cv=none; d={domain}; s=s; b=".encode()
    hashed = b"".join(_header(each, relaxed=True) + b"\r\n" for each in (seen, message))
    value = base64.b64encode(_sign(key.private, hashed + _header(seal, relaxed=True), "rsa-sha256"))
    return b"\r\n".join((seal + value, message, seen, raw))


def _take(present: list[bytes], name: str) -> bytes:
    """The lowest field of that name that was not taken yet (RFC 6376 §5.4.2); empty when there is none."""
    for index in range(len(present) - 1, -1, -1):
        if present[index].partition(b":")[0].strip().lower() == name.lower().encode():
            return present.pop(index)
    return b""


def _sign(key: PrivateKey, hashed: bytes, algorithm: str) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(hashlib.sha256(hashed).digest())  # RFC 8463 §3
    hash_ = hashes.SHA1() if algorithm == "rsa-sha1" else hashes.SHA256()  # SHA-1 for what nobody may accept
    return key.sign(hashed, padding.PKCS1v15(), hash_)


def _header(field: bytes, *, relaxed: bool) -> bytes:
    """RFC 6376 §3.4.1 and §3.4.2."""
    if not relaxed:
        return field
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + re.sub(rb"[ \t\r\n]+", b" ", value).strip()


def _body(body: bytes, *, relaxed: bool) -> bytes:
    """RFC 6376 §3.4.3 and §3.4.4."""
    if relaxed:
        body = re.sub(rb"[ \t]+(?=\r\n)", b"", re.sub(rb"[ \t]+", b" ", body))
    body = re.sub(rb"(?:\r\n)+$", b"", body)
    return body + b"\r\n" if body or not relaxed else b""
