"""Values too large for a history lie in a blob store; the history holds their digest and size."""

from collections.abc import Sequence

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from airut.errors import BlobError, PayloadError
from airut.models.blob import BlobRef
from airut.ports.blobs import BlobStore

ENCODING = b"json/airut-blob"
"""Kept for ever: histories hold it. The data is a `BlobRef` as JSON, readable in the Temporal UI."""


class ClaimCheck(PayloadCodec):
    """Stores payloads of more than `threshold` bytes, durably, before their reference enters a history.

    What cannot be read again raises: a workflow's task then fails and is tried again until the blob is back, and
    nothing is lost. An activity's attempt fails likewise, and is tried again as its retry policy has it.
    """

    def __init__(self, store: BlobStore, threshold: int) -> None:
        self._store = store
        self._threshold = threshold

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._checked_in(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._collected(payload) for payload in payloads]

    async def _checked_in(self, payload: Payload) -> Payload:
        if payload.ByteSize() <= self._threshold:
            return payload
        ref = await self._store.put(payload.SerializeToString())
        return Payload(metadata={"encoding": ENCODING}, data=ref.model_dump_json().encode())

    async def _collected(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        try:
            ref = BlobRef.model_validate_json(payload.data)
        except ValidationError as error:
            raise PayloadError("a recorded value's reference into the blob store is damaged") from error
        try:
            return Payload.FromString(await self._store.get(ref))
        except BlobError as error:
            raise PayloadError(
                f"a recorded value of {ref.size} bytes cannot be read ({error}); put this blob back from a backup, or "
                "give this process the blob store that the other workers use: the work that needs it is tried again"
            ) from error
