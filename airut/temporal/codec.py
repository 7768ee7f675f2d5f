"""How values of ours become what Temporal records, and back: one converter for every client."""

import base64
import dataclasses
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, PayloadCodec

from airut.config.codec_settings import CodecSettings
from airut.models.credentials.redaction import Redactor
from airut.ports.blobs import BlobStore
from airut.temporal.claim_check import ClaimCheck
from airut.temporal.compression import Compression
from airut.temporal.encryption import Encryption
from airut.temporal.secret_guard import SecretGuard, redacting_failures

THRESHOLD = 16 * 1024
"""Bytes that one value may take in a history. A text that the models leave inline (8 KiB) fits, with all that stands
around it: readable in the UI, and no file. The server suggests to continue as new after 4,096 events; about half of
them hold a value, so even values that are all this large stay within 32 MiB of the 50 MB that a history may have."""


class Chain(PayloadCodec):
    """Several codecs, applied in order, and taken off in the reverse order."""

    def __init__(self, *codecs: PayloadCodec) -> None:
        self._codecs = codecs

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        encoded = list(payloads)
        for codec in self._codecs:
            encoded = await codec.encode(encoded)
        return encoded

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        decoded = list(payloads)
        for codec in reversed(self._codecs):
            decoded = await codec.decode(decoded)
        return decoded


def payload_codec(settings: CodecSettings, namespace: str, store: BlobStore, redactor: Redactor) -> PayloadCodec:
    """Searched for secrets, compressed, encrypted, then checked in: what lies in the blob store is encrypted too."""
    keys = {key_id: base64.b64decode(key.reveal()) for key_id, key in settings.keys.items()}
    active = settings.active if settings.enabled else None
    return Chain(
        SecretGuard(redactor), Compression(THRESHOLD), Encryption(keys, active, namespace), ClaimCheck(store, THRESHOLD)
    )


def data_converter(
    settings: CodecSettings, namespace: str, store: BlobStore, redactor: Redactor | None = None
) -> DataConverter:
    """The converter of everything that talks to this namespace. Histories from before any codec are read as well.
    What `redactor` knows does not leave through it."""
    redactor = redactor or Redactor()
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=payload_codec(settings, namespace, store, redactor),
        # Encoded, or the messages and stack traces of failures would stand there in plain text.
        failure_converter_class=redacting_failures(redactor, encoded=settings.enabled),
    )
