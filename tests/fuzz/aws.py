"""Signatures made with stand-ins: in fields, in the query, in chunks of a body."""

from proxy.aws.chunks import MAX_CHUNK
from proxy.aws.signature import HMAC, Malformed, authorization, read
from tests.proxy.aws.test_chunks import BODY, WHOLE, machine
from tests.proxy.aws.test_signature import LINE, LINE_A
from tests.proxy.aws.test_signature import QUERY as PRESIGNED

DATE = b"20260102T030405Z"
HEADERS = tuple(DATE + b"\n" + line.encode() for line in (LINE, LINE_A))
QUERIES = (PRESIGNED.encode(), b"list-type=2&" + PRESIGNED.encode())
CHUNKED = (BODY, BODY[:200])
WORDS = (
    b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256", b"Credential=", b"SignedHeaders=", b"Signature=", b", ", b";", b"/",
    b"aws4_request", b"X-Amz-Signature=", b"%2F", b"&", b"x-amz-trailer-signature:", b";chunk-signature=", b"\r\n", b"0",
    b"%x" % (MAX_CHUNK + 1), b"*", b"Bearer x", b"x-amz-date",
)  # fmt: skip


def header(data: bytes) -> None:
    """A date, and then one Authorization field a line: no signature, refused, or read so that written again it is the
    same."""
    date, *lines = data.split(b"\n")
    fields = ((b"X-Amz-Date", date), *((b"Authorization", line) for line in lines))
    try:
        found = read(fields, b"")
    except Malformed:
        return
    if found is not None:
        assert not found.presigned
        again = (b"Authorization", authorization(found, found.key_id, found.value))
        assert read((fields[0], again), b"") == found


def query(data: bytes) -> None:
    """No signature, refused, or each of its parts there once."""
    try:
        found = read((), data)
    except Malformed:
        return
    if found is not None:
        assert found.presigned
        names = [pair.partition(b"=")[0] for pair in data.split(b"&")]
        assert names.count(b"X-Amz-Signature") == names.count(b"X-Amz-Credential") == 1


def chunked(data: bytes) -> None:
    """Nothing but what the stand-in's holder signed comes out, whole; and cut in two it is no other."""
    outcomes = [_fed(data, cut) for cut in (len(data), len(data) // 2, 1)]
    assert outcomes[0] == outcomes[1] == outcomes[2]
    if outcomes[0] is not None:
        assert outcomes[0].lower() == WHOLE.lower()


def _fed(data: bytes, cut: int) -> bytes | None:
    made = machine(HMAC, trailer=True)
    pieces = [piece for piece in (data[:cut], data[cut:]) if piece]
    try:
        return b"".join(out for piece in [*pieces, b""] for out in made.feed(piece))  # empty: the end
    except Malformed:
        return None
