"""What Temporal's UI and command line ask a codec server: payloads as JSON, encoded or decoded by our own codec.

Temporal's protocol: a POST of a `Payloads` message as JSON is answered with the same number of payloads.
"""

from enum import StrEnum

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payloads
from temporalio.converter import PayloadCodec

from airut.errors import PayloadError
from airut.temporal.secret_guard import SecretInPayload

REQUEST_MOST = 2 * 1024**2
"""Bytes of a request. What Temporal itself takes is no larger, and the UI asks for a page of events at a time."""


class Direction(StrEnum):
    ENCODE = "encode"
    DECODE = "decode"


class CodecRefused(Exception):
    """What was asked cannot be answered: words for whoever asked, and whether the fault is theirs."""

    def __init__(self, words: str, *, too_large: bool = False) -> None:
        super().__init__(words)
        self.too_large = too_large


async def answer(codec: PayloadCodec, direction: Direction, body: bytes) -> bytes:
    """The answer's JSON. Values that lie in the blob store come whole.

    Raises:
        CodecRefused: the request is too large or not what the protocol has; a payload does not decode, for want of its
            key or blob or because it was altered; a payload holds the value of a secret.
        BlobError: the blob store failed.
    """
    if len(body) > REQUEST_MOST:
        raise CodecRefused(f"At most {REQUEST_MOST // 1024**2} MiB at once.", too_large=True)
    try:
        asked = Parse(body, Payloads()) if body.lstrip().startswith(b"{") else None  # the parser takes `[]` for nothing
    except (ParseError, UnicodeDecodeError):
        asked = None
    if asked is None:
        raise CodecRefused("This is not a list of payloads as Temporal writes it in JSON.")
    try:
        if direction is Direction.ENCODE:
            found = await codec.encode(asked.payloads)
        else:
            found = await codec.decode(asked.payloads)
    except (PayloadError, SecretInPayload) as error:
        raise CodecRefused(str(error)) from error
    return MessageToJson(Payloads(payloads=found), indent=None).encode()
