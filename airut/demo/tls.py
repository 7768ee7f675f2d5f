"""A certificate authority for the stand-ins: a root made on the spot, and a leaf for any name a client asks for."""

import datetime
import ssl
import tempfile
from collections.abc import Callable
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """Root and leaves (P-256, RFC 5280 profile that Python's VERIFY_X509_STRICT accepts)."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key
        # One key for all leaves: making keys is the slow part, and nobody's secret depends on it.
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[str, ssl.SSLContext] = {}

    @classmethod
    def create(cls, common_name: str = "Airut test root") -> Self:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(common_name)
        usage = _key_usage(authority=True)
        certificate = (
            _builder(subject, subject, key.public_key(), 365 * 24)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def at(cls, folder: Path) -> Self:
        """The authority kept in `folder` as `ca.pem` and `ca-key.pem` (0600), made when missing."""
        certificate, key = folder / "ca.pem", folder / "ca-key.pem"
        if certificate.exists() and key.exists():
            loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
            if isinstance(loaded, ec.EllipticCurvePrivateKey):
                return cls(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)
        folder.mkdir(parents=True, exist_ok=True)
        made = cls.create()
        key.unlink(missing_ok=True)
        key.touch(mode=0o600)
        key.write_bytes(_pem_key(made._key))
        partial = certificate.with_suffix(".part")
        partial.write_bytes(made.certificate_pem)
        partial.replace(certificate)  # whole or absent: others wait for this file
        return made

    @cached_property
    def certificate_pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def leaf(self, *names: str, hours: int = 30 * 24) -> tuple[bytes, bytes]:
        """Certificate and key (PEM) for host names and IP addresses, good since a day and for so many hours more."""
        certificate = (
            _builder(_name(names[0][:64]), self._certificate.subject, self._leaf_key.public_key(), hours)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM), _pem_key(self._leaf_key)

    def context_for(self, name: str) -> ssl.SSLContext:
        """A server context with the leaf of `name`, made once a name."""
        if name not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_alpn_protocols(["http/1.1"])
            with tempfile.NamedTemporaryFile() as file:  # the ssl module loads certificates from files only
                file.write(b"".join(self.leaf(name)))
                file.flush()
                context.load_cert_chain(file.name)
            self._contexts[name] = context
        return self._contexts[name]

    def server_context(self, address: str, named: Callable[[str | None], None] = lambda _: None) -> ssl.SSLContext:
        """A context for one connection, which answers with the leaf of the server name (SNI) that the client sends, or
        else of the address that it dialled. `named` is told that name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            named(name)
            connection.context = self.context_for(name or address)

        context.sni_callback = choose
        return context

    def client_context(self) -> ssl.SSLContext:
        """A client context that trusts this root and nothing else."""
        return ssl.create_default_context(cadata=self.certificate_pem.decode())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, hours: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # clocks of containers may lag
        .not_valid_after(now + datetime.timedelta(hours=hours))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
