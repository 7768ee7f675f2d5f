"""OpenPGP in a text itself, as some programs still write it (RFC 9580 §6.2, §7)."""

import re

_ENCRYPTED = re.compile(r"-----BEGIN PGP MESSAGE-----\n.*\n-----END PGP MESSAGE-----", re.DOTALL)
_SIGNED = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]+:[^\n]*\n)*\n(.*)\n-----BEGIN PGP SIGNATURE-----\n"
    r".*\n-----END PGP SIGNATURE-----",
    re.DOTALL,
)
_DASH_ESCAPED = re.compile(r"^- ", re.MULTILINE)


def is_encrypted(text: str) -> bool:
    """Whether an encrypted message is all there is. One in the middle of words is something that they are about."""
    return _ENCRYPTED.fullmatch(text.strip()) is not None


def without_signature_armor(text: str) -> str:
    """The signed text as it was written; nobody here checks the signature."""
    match = _SIGNED.fullmatch(text.strip())
    return _DASH_ESCAPED.sub("", match[1]) if match else text
