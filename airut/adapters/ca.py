"""The installation's certificate authority: one root, and a short-lived issuing certificate for each proxy.

network.md §1. The root's key never leaves the state folder; agents get the root certificate, proxies an issuer.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT_DAYS = 3_652
ISSUER_DAYS = 7
RENEWED = datetime.timedelta(days=30)
"""So long before its end a root has a successor, and both are trusted: a sandbox begun under the old one goes on."""
BACKDATED = datetime.timedelta(hours=1)  # for a host whose clock was set back
KEY_FILE = "root-ca.key"
CERTIFICATE_FILE = "root-ca.pem"
PREVIOUS_FILE = "root-ca-previous.pem"


class CaError(Exception):
    """The state folder holds a key and a certificate that do not belong together, or files that are not PEM."""


@dataclass(frozen=True)
class RootCa:
    """The installation's root."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)
    previous: x509.Certificate | None = None
    """The root before this one, until its end."""

    @property
    def certificate_pem(self) -> bytes:
        """PEM of the root that issues."""
        return _pem(self.certificate)

    @property
    def trusted_pem(self) -> bytes:
        """What agents trust."""
        return self.certificate_pem + (_pem(self.previous) if self.previous else b"")


def load_or_create_root(folder: Path, now: datetime.datetime | None = None) -> RootCa:
    """The root in a folder, made on first use and again shortly before its end; safe when several processes start at
    once, and when one of them is killed.

    Raises:
        CaError: what is there is not a root of ours.
        OSError: the folder cannot be read or written.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        root = _load_or_create(folder, now)
        if root.certificate.not_valid_after_utc - now <= RENEWED:
            _create(folder / PREVIOUS_FILE, root.certificate_pem, 0o644)
            (folder / KEY_FILE).unlink()
            root = _load_or_create(folder, now)
    return root


def _load_or_create(folder: Path, now: datetime.datetime) -> RootCa:
    key = _load_or_create_key(folder / KEY_FILE)
    previous = _load_certificate(folder / PREVIOUS_FILE) if (folder / PREVIOUS_FILE).exists() else None
    certificate = _load_or_create_certificate(folder / CERTIFICATE_FILE, key, now)
    if previous == certificate and key.public_key() != certificate.public_key():  # a renewal was cut off here
        (folder / CERTIFICATE_FILE).unlink()
        certificate = _load_or_create_certificate(folder / CERTIFICATE_FILE, key, now)
    if certificate.public_key() != key.public_key():
        raise CaError(f"{folder}: {KEY_FILE} and {CERTIFICATE_FILE} do not belong together")
    return RootCa(certificate, key, previous if previous and previous.not_valid_after_utc > now else None)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def issue_proxy_ca(root: RootCa) -> bytes:
    """One proxy's `issuing.pem`: a fresh key, its issuing certificate (pathlen 0), and the root certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _certificate(
            "Airut sandbox issuer",
            key,
            issuer=root.certificate.subject,
            days=ISSUER_DAYS,
            path_length=0,
            now=datetime.datetime.now(datetime.UTC),
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
        .sign(root.key, hashes.SHA256())
    )
    return _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM) + root.certificate_pem


def _load_or_create_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        _create(path, _key_pem(ec.generate_private_key(ec.SECP256R1())), 0o600)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except ValueError as error:
        raise CaError(f"{path}: not a private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CaError(f"{path}: not an EC key")
    return key


def _load_or_create_certificate(
    path: Path, key: ec.EllipticCurvePrivateKey, now: datetime.datetime
) -> x509.Certificate:
    if not path.exists():
        # The random part tells two installations' roots apart where both are trusted.
        name = f"Airut installation root {os.urandom(4).hex()}"
        builder = _certificate(name, key, issuer=None, days=ROOT_DAYS, path_length=1, now=now)
        _create(path, _pem(builder.sign(key, hashes.SHA256())), 0o644)
    return _load_certificate(path)


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise CaError(f"{path}: not a certificate") from error


def _create(path: Path, data: bytes, mode: int) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name | None,
    days: int,
    path_length: int,
    now: datetime.datetime,
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
