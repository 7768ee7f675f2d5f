"""What Temporal records is encrypted with AES-256-GCM (NIST SP 800-38D), so that its database can be read by nobody."""

import asyncio
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from airut.errors import PayloadError

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
"""Both as in Temporal's own samples, so that its tools recognise them."""

NONCE = 12
"""Bytes, random for each value: 2^32 values a key before a repetition is more likely than 2^-32 (§8.3)."""

IN_PLACE = 64 * 1024
"""Bytes that are encrypted faster than a thread is found for them."""


class Encryption(PayloadCodec):
    """Encrypts every payload with the active key; decrypts with whichever key a payload names.

    The namespace is authenticated along: a value that is copied into another namespace does not decrypt there. Without
    an active key nothing is encrypted, and what earlier was still decrypts. What was never encrypted passes.
    """

    def __init__(self, keys: Mapping[str, bytes], active: str | None, namespace: str) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._active = active
        self._namespace = namespace.encode()

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if self._active is None:
            return list(payloads)
        return [await self._encrypted(payload, self._active) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._decrypted(payload) for payload in payloads]

    async def _encrypted(self, payload: Payload, key_id: str) -> Payload:
        nonce, plain = os.urandom(NONCE), payload.SerializeToString()
        encrypt = self._keys[key_id].encrypt
        if len(plain) <= IN_PLACE:
            sealed = encrypt(nonce, plain, self._namespace)
        else:
            sealed = await asyncio.to_thread(encrypt, nonce, plain, self._namespace)
        return Payload(metadata={"encoding": ENCODING, KEY_ID: key_id.encode()}, data=nonce + sealed)

    async def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        if key_id not in self._keys:
            raise PayloadError(
                f"a recorded value is encrypted with key {key_id!r}, which is not under temporal.codec.keys; "
                "add that key again (it need not be the active one) and restart"
            )
        decrypt, nonce, sealed = self._keys[key_id].decrypt, payload.data[:NONCE], payload.data[NONCE:]
        try:
            if len(sealed) <= IN_PLACE:
                return Payload.FromString(decrypt(nonce, sealed, self._namespace))
            return Payload.FromString(await asyncio.to_thread(decrypt, nonce, sealed, self._namespace))
        except (InvalidTag, ValueError) as error:
            raise PayloadError(
                f"a recorded value does not decrypt with key {key_id!r}: it was altered, or written for another "
                f"namespace than {self._namespace.decode()!r}, or temporal.codec.keys holds another key under this id"
            ) from error
