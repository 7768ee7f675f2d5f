"""How a GitHub App says who it is: a JWT (RFC 7519) signed with its key (RS256, RFC 7518 §3.3)."""

import base64
import json
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

BEFORE = 60
"""Seconds by which it is dated back: GitHub refuses one from the future, and its clock may be behind ours."""
AFTER = 540
"""Seconds that it is good for: GitHub grants ten minutes, less those dated back."""


def rsa_key(pem: str) -> RSAPrivateKey:
    """An App's key, from PKCS#1 or PKCS#8 in PEM.

    Raises:
        ValueError: it is something else; says what is wanted, and nothing of the key.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a password
        raise ValueError("must be a private key in PEM without a password, as GitHub gives it out") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("must be an RSA key, as GitHub gives it out")
    return key


def app_jwt(key: RSAPrivateKey, app_id: int, now: float) -> str:
    """The App's word for who it is, good for some minutes around `now` (seconds since 1970, by GitHub's clock)."""
    claims = {"iat": int(now) - BEFORE, "exp": int(now) + AFTER, "iss": str(app_id)}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _part(document: Mapping[str, object]) -> str:
    return _encoded(json.dumps(document, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
