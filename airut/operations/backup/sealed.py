"""Bytes under a passphrase: scrypt (RFC 7914) makes the key, AES-256-GCM keeps it secret and unchanged."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from airut.errors import BackupUnreadable

MAGIC = b"airut-sealed-1\n"
SALT, NONCE = 16, 12
COST = 2**17
"""Of scrypt: 128 MiB and some tenths of a second for each guess (OWASP, Password Storage)."""


def seal(content: bytes, passphrase: str) -> bytes:
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    return MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, content, MAGIC)


def opened(sealed: bytes, passphrase: str) -> bytes:
    """Raises: BackupUnreadable: another passphrase, or somebody has changed it."""
    if not sealed.startswith(MAGIC):
        raise BackupUnreadable("the sealed part of the backup is of a form that this version does not know")
    rest = sealed.removeprefix(MAGIC)
    salt, nonce, content = rest[:SALT], rest[SALT : SALT + NONCE], rest[SALT + NONCE :]
    try:
        return AESGCM(_key(passphrase, salt)).decrypt(nonce, content, MAGIC)
    except InvalidTag:
        raise BackupUnreadable("the passphrase is another one, or the backup was changed") from None


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())
