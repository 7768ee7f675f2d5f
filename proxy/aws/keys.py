"""Keys that sign and check, derived from a key id and its secret (SigV4, SigV4A)."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from proxy.aws.signature import ECDSA, HMAC, Algorithm, Signature

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SEC 2 §2.4.2)
# Enough for the days, regions and services of one task, with two keys each; an entry is a few hundred bytes.
_CACHED = 256


class Key(Protocol):
    """Signs one string to sign after another."""

    def sign(self, text: bytes) -> str:
        """The signature, in lower-case hexadecimal."""
        ...

    def verifies(self, text: bytes, signature: str) -> bool:
        """Whether this is a signature of the text by this key."""
        ...


class _Hmac:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, text: bytes) -> str:
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def verifies(self, text: bytes, signature: str) -> bool:
        return hmac.compare_digest(self.sign(text), signature)


class _Ecdsa:
    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._public = key.public_key()

    def sign(self, text: bytes) -> str:
        return self._key.sign(text, ec.ECDSA(hashes.SHA256())).hex()

    def verifies(self, text: bytes, signature: str) -> bool:
        try:
            self._public.verify(bytes.fromhex(signature), text, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


def key(signature: Signature, key_id: str, secret: str) -> Key:
    """The key that a signature of this scope is made with."""
    if signature.algorithm == HMAC:
        return _Hmac(_signing_key(secret, signature.date, signature.region, signature.service))
    return _Ecdsa(_ecdsa_key(key_id, secret))


@lru_cache(maxsize=_CACHED)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    made = b"AWS4" + secret.encode()
    for part in (date, region, service, "aws4_request"):
        made = hmac.digest(made, part.encode(), hashlib.sha256)
    return made


@lru_cache(maxsize=_CACHED)
def _ecdsa_key(key_id: str, secret: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(private_number(key_id, secret), ec.SECP256R1())


def private_number(key_id: str, secret: str) -> int:
    """The private key by the counter-mode KDF of NIST SP 800-108, in the form that SigV4A gives it."""
    for counter in range(1, 255):
        fixed = b"AWS4-ECDSA-P256-SHA256\0" + key_id.encode() + bytes([counter]) + (256).to_bytes(4)
        candidate = hmac.digest(b"AWS4A" + secret.encode(), (1).to_bytes(4) + fixed, hashlib.sha256)
        # Python's comparison takes no notice of secrets; a wrong candidate has odds of 2^-32 and is thrown away.
        if int.from_bytes(candidate) <= _ORDER - 2:
            return int.from_bytes(candidate) + 1
    raise ValueError("no private key follows from this secret")  # one in 2^8128


def string_to_sign(signature: Signature, canonical_request: bytes) -> bytes:
    """What the key signs for a whole request."""
    digest = hashlib.sha256(canonical_request).hexdigest()
    return f"{signature.algorithm}\n{signature.timestamp}\n{signature.scope}\n{digest}".encode()


def padded(algorithm: Algorithm, value: str) -> str:
    """A chunk's signature in the width that all of its algorithm have: an ECDSA one has no fixed length of its own."""
    return value.ljust(144, "*") if algorithm == ECDSA else value
