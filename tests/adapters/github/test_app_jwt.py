"""An App's key in the forms that there are, and what it signs."""

import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from airut.adapters.github.app_jwt import app_jwt, rsa_key

KEY = rsa.generate_private_key(65_537, 2048)
PKCS1 = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PKCS8 = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("pem", "begin"), [(PKCS1, "-----BEGIN RSA PRIVATE KEY-----"), (PKCS8, "-----BEGIN PRIVATE KEY-----")]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_forms_of_pem(pem: str, begin: str, newline: str) -> None:
    assert pem.startswith(begin)
    assert rsa_key(pem.replace("\n", newline)).private_numbers() == KEY.private_numbers()


OTHERS = {
    "an EC key": ec.generate_private_key(ec.SECP256R1()),
    "an Ed25519 key": ed25519.Ed25519PrivateKey.generate(),
}
BROKEN = {
    "nothing": "x",
    "cut short": PKCS1[:400],
    "a public key": KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    "with a password": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode(),
}


@pytest.mark.parametrize("key", OTHERS.values(), ids=OTHERS)
def test_a_key_of_another_kind(key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match=r"^must be an RSA key, as GitHub gives it out$"):
        rsa_key(pem)


@pytest.mark.parametrize("pem", BROKEN.values(), ids=BROKEN)
def test_what_is_no_key(pem: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a private key in PEM without a password, as GitHub gives it out$"):
        rsa_key(pem)


def test_what_is_signed() -> None:
    header, claims, signature = app_jwt(KEY, 17, 1_700_000_000.9).split(".")

    def decoded(part: str) -> bytes:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert json.loads(decoded(header)) == {"alg": "RS256", "typ": "JWT"}
    assert json.loads(decoded(claims)) == {"iat": 1_699_999_940, "exp": 1_700_000_540, "iss": "17"}
    KEY.public_key().verify(decoded(signature), f"{header}.{claims}".encode(), PKCS1v15(), SHA256())
    assert "=" not in header + claims + signature
