"""Answers that hand out credentials: read whole, and passed on with surrogates in their place (credentials.md §4.3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from proxy import bodies, pointers
from proxy.acceptance import Fields
from proxy.aws import sessions
from proxy.aws.sessions import SessionMint
from proxy.aws.signature import Malformed
from proxy.block import Reason, Refused
from proxy.bodies import Json
from proxy.codings import Decoder, Undecodable, decoder
from proxy.minted import Minted
from proxy.mints import Mint
from proxy.scrub import Needles

MAX_ANSWER = 1024**2  # bytes once decoded: tokens have a few kilobytes
_JSON = frozenset([b"", b"application/json", b"text/json", b"text/plain"])
_XML = frozenset([b"", b"text/xml", b"application/xml"])
MAX_TTL = 24 * 3600  # seconds for which a token is believed to be good, whatever the answer says


def conceal(minted: Minted, mint: Mint | SessionMint, raw: bytes) -> bytes:
    """An answer without the credentials that it hands out; one that hands out none stays as it is.

    Raises:
        Undecodable: what it hands out cannot be found for certain.
    """
    if not raw.strip():
        return raw
    return _tokens(minted, mint, raw) if isinstance(mint, Mint) else _keys(minted, mint, raw)


def _tokens(minted: Minted, mint: Mint, raw: bytes) -> bytes:
    try:
        document = bodies.parsed(raw)
    except bodies.Undecodable as error:
        raise Undecodable(f"a credential may be handed out here: {error}") from None
    ttl = _ttl(document, mint.ttl)

    def surrogate(value: Json) -> Json:
        if value is None or value == "":
            return value
        if not isinstance(value, str):
            raise Undecodable("a credential that is handed out is no string")
        return minted.token(mint, value, ttl)

    changed = document
    for pointer in mint.fields:
        changed = pointers.changed(changed, pointer, surrogate)
    return raw if changed == document else bodies.serialised(changed)


def _ttl(document: Json, default: int) -> float:
    """Until when the token is good, by the member that OAuth (RFC 6749 §5.1) and registries have for it."""
    said = document.get("expires_in") if isinstance(document, dict) else None
    if isinstance(said, int | float) and not isinstance(said, bool) and said > 0:
        return min(max(float(said), default), MAX_TTL)
    return default


def _keys(minted: Minted, mint: SessionMint, raw: bytes) -> bytes:
    try:
        text = raw.decode("utf-8")
        session = sessions.read(text, mint.token_field, time.time())
    except (UnicodeDecodeError, Malformed) as error:
        raise Undecodable(f"a key is handed out here: {type(error).__name__}") from None
    if session is None:
        return raw
    return sessions.written(text, minted.keys(mint.parent, session)).encode()


class MintedBody:
    """The body of such an answer: nothing of it goes on before all of it is there."""

    def __init__(self, decode: Decoder, hide: Callable[[bytes], bytes], needles: Callable[[], Needles]) -> None:
        self._decoder = decode
        self._hide = hide
        self._needles = needles
        self._kept = bytearray()
        self.count = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What goes on after one more piece; an empty one is the end.

        Raises:
            Undecodable: the body is too long, not what its Content-Encoding says, or not to be read for certain.
        """
        if piece:
            for decoded in self._decoder.feed(piece):
                self._kept += decoded
                if len(self._kept) > MAX_ANSWER:
                    raise Undecodable("a credential may be handed out here, and the answer is over 1 MiB")
            return
        self._decoder.finish()
        raw = bytes(self._kept)
        hidden = self._hide(raw)
        self.count += hidden != raw
        # Only now: what was handed out a moment ago may stand in the rest of the answer, too.
        clean, found = self._needles().replace(hidden)
        self.count += found
        if clean:
            yield clean


def minted_body(
    mint: Mint | SessionMint,
    fields: Fields,
    status: int,
    hide: Callable[[bytes], bytes],
    needles: Callable[[], Needles],
) -> MintedBody | None:
    """How the body that comes with these fields is passed on; None: as any other, since it hands out nothing.

    Raises:
        Refused: `response_not_inspectable`.
    """
    kind = b",".join(value for name, value in fields if name.lower() == b"content-type").partition(b";")[0].strip()
    known = _XML if isinstance(mint, SessionMint) else _JSON
    if kind.lower() not in known and not (isinstance(mint, Mint) and kind.lower().endswith(b"+json")):
        if status >= 300:
            return None
        raise Refused(
            Reason.RESPONSE_NOT_INSPECTABLE, "a credential may be handed out here, in a form that is not known"
        )
    encoding = b", ".join(value for name, value in fields if name.lower() == b"content-encoding").decode("latin-1")
    decode = decoder(encoding)
    if decode is None:
        raise Refused(Reason.RESPONSE_NOT_INSPECTABLE, f"Content-Encoding {encoding[:100]}")
    return MintedBody(decode, hide, needles)
