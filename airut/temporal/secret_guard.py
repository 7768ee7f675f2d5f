"""No value of a secret enters Temporal: a payload that holds one is refused, a failure's text is rid of it
(spec: credentials §1, §10)."""

import asyncio
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    DefaultFailureConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    PayloadConverter,
)
from temporalio.exceptions import ApplicationError

from airut.models.credentials.redaction import Redactor

AT_ONCE = 64 * 1024
"""Bytes of a payload that are searched right here, in under a millisecond; larger ones in a thread."""


class SecretInPayload(ApplicationError):
    """What should be sent holds the value of a secret. Trying again does not help."""

    def __init__(self) -> None:
        super().__init__(
            "a value that was to be recorded holds the value of a secret, and was not sent",
            type="SecretInPayload",
            non_retryable=True,
        )


class SecretGuard(PayloadCodec):
    """Comes before all other codecs, which would hide what there is to find. What is recorded already is read."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """
        Raises:
            SecretInPayload
        """
        for payload in payloads:
            small = len(payload.data) <= AT_ONCE
            holds = self._redactor.holds
            if holds(payload.data) if small else await asyncio.to_thread(holds, payload.data):
                raise SecretInPayload
        return list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


def redacting_failures(redactor: Redactor, *, encoded: bool) -> type[DefaultFailureConverter]:
    """The SDK's own converter of failures, whose messages and stack traces come without the values of secrets."""
    base = DefaultFailureConverterWithEncodedAttributes if encoded else DefaultFailureConverter

    class RedactingFailures(base):  # type: ignore[misc, valid-type]  # the SDK wants a class to instantiate
        def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
            super().to_failure(exception, payload_converter, failure)
            redact_failure(redactor, failure)

    return RedactingFailures


def redact_failure(redactor: Redactor, failure: Failure) -> None:
    """In place, its causes too."""
    failure.message = redactor.text(failure.message)
    failure.stack_trace = redactor.text(failure.stack_trace)
    if failure.HasField("encoded_attributes"):
        failure.encoded_attributes.data = redactor.data(failure.encoded_attributes.data)
    if failure.HasField("cause"):
        redact_failure(redactor, failure.cause)
