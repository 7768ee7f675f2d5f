"""TLS for mail connections: 1.2 or newer, chain and host name verified, no switch to turn that off."""

import ssl
from pathlib import Path


def tls_context(ca_file: Path | None, section: str) -> ssl.SSLContext:
    """`ca_file` is used instead of the system store, not besides it; `section` is where it is configured.

    Raises:
        OSError: the file cannot be read, or holds no certificate; names it.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise OSError(f"{section}.ca_file {ca_file} cannot be read: {error.strerror or error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def describe_tls_error(error: ssl.SSLError, host: str, ca_file: Path | None) -> str:
    """Host, reason and `ca_file`, in words that an operator can act on."""
    reason = str(error.reason or error)
    if isinstance(error, ssl.SSLCertVerificationError):
        message = error.verify_message
        if "expired" in message:
            reason = "expired"
        elif "self-signed" in message or "issuer" in message:
            reason = "unknown issuer"
        elif "mismatch" in message:
            reason = "certificate is for another name"
        else:
            reason = message
    return f"TLS to {host} failed: {reason} (ca_file: {ca_file or 'system store'})"
