"""Certificates for the sandbox, and verified connections to the outside (network.md §1, §3, §3.1)."""

from __future__ import annotations

import datetime
import hashlib
import logging
import ssl
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from mitmproxy import connection, tls
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.certs import Cert, CertStore, CertStoreEntry, DHParams
from mitmproxy.proxy.context import Context

from proxy import hosts

LEAF_DAYS = 7
MAX_LEAVES = 256  # names a sandbox talks to at a time; making one takes 0.2 ms
MAX_COMMON_NAME = 64  # RFC 5280 appendix A, ub-common-name
logger = logging.getLogger(__name__)


class Issuer:
    """Signs a leaf for any host name with the issuing key of this proxy."""

    def __init__(self, pem: bytes, chain_file: Path) -> None:
        """Reads key, issuing certificate and root, and writes the issuing certificate where OpenSSL loads it from.

        Raises:
            ValueError: the file does not hold an EC key and the certificate that goes with it.
        """
        key = serialization.load_pem_private_key(pem, None)
        self._certificate, *self.roots = x509.load_pem_x509_certificates(pem)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != self._certificate.public_key():
            raise ValueError("the issuing key and certificate do not go together")
        self._key = key
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._chain_file = chain_file
        chain_file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        # Finite-field Diffie-Hellman is not offered, so there are no parameters for it; nor is a revocation list.
        no_parameters = cast(DHParams, None)
        self.store = CertStore(self._as_annotated(key), Cert(self._certificate), chain_file, b"", no_parameters)
        self.entry = lru_cache(maxsize=MAX_LEAVES)(self._entry)

    def _entry(self, host: str) -> CertStoreEntry:
        return CertStoreEntry(
            cert=Cert(self._leaf(host)),
            privatekey=self._as_annotated(self._leaf_key),
            chain_file=self._chain_file,
            chain_certs=[Cert(self._certificate)],
        )

    @staticmethod
    def _as_annotated(key: ec.EllipticCurvePrivateKey) -> rsa.RSAPrivateKey:
        return cast(rsa.RSAPrivateKey, key)  # mitmproxy's annotation; it takes any key that OpenSSL takes

    def _leaf(self, host: str) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        issuer = self._certificate
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, host)] if len(host) <= MAX_COMMON_NAME else []
        authority = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            x509.CertificateBuilder()
            .issuer_name(issuer.subject)
            .subject_name(x509.Name(subject))
            .public_key(self._leaf_key.public_key())
            .serial_number(x509.random_serial_number())
            # As old as the issuer, for a sandbox whose clock is behind.
            .not_valid_before(issuer.not_valid_before_utc)
            .not_valid_after(min(now + datetime.timedelta(days=LEAF_DAYS), issuer.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=not subject)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
            .sign(self._key, hashes.SHA256())
        )


class Tls(TlsConfig):
    """mitmproxy's TLS, with our leaves, and no handshake for a client that does not say whom it wants."""

    def __init__(self, issuer: Issuer, refused: Callable[[connection.Client, str], None]) -> None:
        self._issuer = issuer
        self._refused = refused
        self.certstore = issuer.store

    def running(self) -> None:
        """Nothing to load: the issuer was given."""

    def configure(self, updated: set[str]) -> None:
        """Nothing to load: the issuer was given."""

    def request(self, flow: object) -> None:
        """No revocation list is served in the name of other hosts."""

    def tls_start_client(self, tls_start: tls.TlsData) -> None:
        """Sets up the handshake; without it mitmproxy closes the connection."""
        client = tls_start.conn
        if isinstance(client, connection.Client) and server_name(client.sni) is None:
            self._refused(client, "tls_no_sni")
            return
        if isinstance(client, connection.Client) and b"h2" in client.alpn_offers:
            client.alpn = b"h2"  # as servers do: clients that list http/1.1 first mean no preference by it
        super().tls_start_client(tls_start)

    def get_cert(self, conn_context: Context) -> CertStoreEntry:
        """The leaf for the name in the client hello, and for nothing else."""
        host = server_name(conn_context.client.sni)
        if host is None:
            raise ValueError("no server name")
        return self._issuer.entry(host)


def server_name(sni: str | None) -> str | None:
    """The canonical host of a client hello; none if there is none, or it is not a host name (RFC 6066 §3)."""
    try:
        host = hosts.canonical(sni) if sni else None
    except hosts.HostError:
        return None
    return None if host is None or hosts.ip_literal(host) is not None else host


def trust_bundle(extra_ca_file: Path | None, folder: Path) -> Path | None:
    """The roots that upstream certificates are verified against: the system's, and the operator's own.

    None when the system has no bundle and no extra one is asked for: mitmproxy then takes its own.

    Raises:
        OSError: the extra file cannot be read.
        ValueError: it holds no certificate, or there is no system bundle to add it to.
    """
    system = Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    if extra_ca_file is None:
        return system if system.exists() else None
    extra = extra_ca_file.read_bytes()
    if not x509.load_pem_x509_certificates(extra):
        raise ValueError("the extra CA file holds no certificate")
    if not system.exists():
        raise ValueError("there is no system bundle to add the extra CA file to")
    # A name for each content: mitmproxy keeps what it loaded from a path for good.
    bundle = folder / f"trusted-{hashlib.sha256(extra).hexdigest()}.pem"
    if not bundle.exists():
        bundle.write_bytes(system.read_bytes() + b"\n" + extra)
    return bundle
