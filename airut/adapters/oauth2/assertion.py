"""How an application with a certificate says who it is to Microsoft: a JWT that its key has signed (RFC 7523 §2.2)."""

import base64
import json
import uuid
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

BEFORE = 60
"""Seconds by which it is dated back: the other clock may be behind ours."""
AFTER = 540
"""Seconds that it is good for; Microsoft asks for at most ten minutes, those dated back included."""


class Certificate:
    """An application's certificate with its key."""

    def __init__(self, certificate: x509.Certificate, key: RSAPrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def read(cls, path: Path) -> "Certificate":
        """From one PEM file.

        Raises:
            ValueError: it cannot be read, or lacks one of the two; names the file, and shows nothing of it.
        """
        try:
            pem = path.read_bytes()
        except OSError as error:
            raise ValueError(f"oauth2.certificate_file {path}: {error.strerror}") from None
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a password
            raise ValueError(
                f"oauth2.certificate_file {path}: must hold a certificate and its key in PEM, without a password"
            ) from None
        if not isinstance(key, RSAPrivateKey) or key.public_key() != certificate.public_key():
            raise ValueError(f"oauth2.certificate_file {path}: the key must be the certificate's own, and RSA")
        return cls(certificate, key)

    def assertion(self, client_id: str, audience: str, now: float) -> str:
        """Good for some minutes around `now` (seconds since 1970), at that address only."""
        thumbprint = _encoded(self._certificate.fingerprint(SHA256()))
        claims = {
            "aud": audience,
            "exp": int(now) + AFTER,
            "iss": client_id,
            "jti": str(uuid.uuid4()),
            "nbf": int(now) - BEFORE,
            "sub": client_id,
            "iat": int(now) - BEFORE,
        }
        signed = f"{_part({'alg': 'PS256', 'typ': 'JWT', 'x5t#S256': thumbprint})}.{_part(claims)}"
        # PS256 is RSASSA-PSS with a salt as long as the digest (RFC 7518 §3.5).
        signature = self._key.sign(signed.encode(), PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())
        return f"{signed}.{_encoded(signature)}"


def _part(document: Mapping[str, object]) -> str:
    return _encoded(json.dumps(document, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
