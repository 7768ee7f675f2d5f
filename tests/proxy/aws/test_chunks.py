"""Chunked uploads: published signatures pass, every chunk is signed anew, and no cut of the input matters."""

import hashlib
import hmac
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.aws import keys
from proxy.aws.chunks import MAX_CHUNK, MAX_LINE, Chunks, chunks
from proxy.aws.signature import ECDSA, HMAC, Malformed, Signature
from tests.proxy.aws.signers import KEY_ID, REAL_KEY_ID, REAL_SECRET, SECRET

DOCUMENTED = Signature(
    algorithm="AWS4-HMAC-SHA256", key_id="AKIAIOSFODNN7EXAMPLE", date="20130524", region="us-east-1", service="s3",
    timestamp="20130524T000000Z", signed=("host",), value="",
)  # fmt: skip
DOCUMENTED_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
# The examples of "Signature calculations for the Authorization header: transferring payload in multiple chunks" and
# "… including trailing headers" of the Amazon S3 API reference: 65 KiB of the letter a.
PLAIN = (
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    [
        (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ],
    b"",
)
TRAILING = (
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    [
        (65_536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        (1_024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
        (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
    ],
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n",
)


@pytest.mark.parametrize("example", [PLAIN, TRAILING], ids=["plain", "trailer"])
def test_the_published_examples(example: tuple[str, list[tuple[int, str]], bytes]) -> None:
    seed, parts, trailer = example
    body = b"".join(
        b"%x;chunk-signature=%s\r\n%s" % (size, value.encode(), b"a" * size + b"\r\n" if size else b"")
        for size, value in parts
    )
    body += trailer + b"\r\n"
    theirs = replace(DOCUMENTED, value=seed)
    key = keys.key(theirs, DOCUMENTED.key_id, DOCUMENTED_SECRET)
    machine = chunks((key, theirs), (key, theirs), trailer=bool(trailer))
    assert b"".join([*machine.feed(body), *machine.feed(b"")]) == body


# --- an agent and a service, written here from the description, for both algorithms ------------------------------------

FOUND = {
    HMAC: replace(DOCUMENTED, key_id=KEY_ID, value="0" * 64),
    ECDSA: replace(DOCUMENTED, algorithm="AWS4-ECDSA-P256-SHA256", region="", key_id=KEY_ID, value="30" * 70),
}


class Chain:
    """Signs, or checks, chunk after chunk."""

    def __init__(self, algorithm: str, key_id: str, secret: str, seed: str) -> None:
        self.algorithm, self.before = algorithm, seed
        self.key = keys.key(FOUND[algorithm], key_id, secret)
        self.secret = secret

    def text(self, kind: str, tail: str) -> bytes:
        scope = "20130524/us-east-1/s3/aws4_request" if self.algorithm == HMAC else "20130524/s3/aws4_request"
        return f"{self.algorithm}-{kind}\n20130524T000000Z\n{scope}\n{self.before}\n{tail}".encode()

    def sign(self, kind: str, tail: str) -> bytes:
        text = self.text(kind, tail)
        if self.algorithm == HMAC:
            value = key = b"AWS4" + self.secret.encode()
            for part in (b"20130524", b"us-east-1", b"s3", b"aws4_request"):
                key = hmac.digest(key, part, "sha256")
            value = hmac.digest(key, text, "sha256").hex().encode()
        else:
            value = self.key.sign(text).encode()
        wide = value.ljust(144 if self.algorithm == ECDSA else 64, b"*")
        self.before = value.decode()
        return wide

    def check(self, kind: str, tail: str, value: bytes) -> None:
        bare = value.rstrip(b"*").decode()
        assert self.key.verifies(self.text(kind, tail), bare)
        self.before = bare


def payload(data: bytes) -> str:
    return f"{hashlib.sha256(b'').hexdigest()}\n{hashlib.sha256(data).hexdigest()}"


def upload(chain: Chain, pieces: list[bytes], trailer: dict[bytes, bytes] | None) -> bytes:
    body = b""
    for piece in [*pieces, b""]:
        body += b"%x;chunk-signature=%s\r\n" % (len(piece), chain.sign("PAYLOAD", payload(piece)))
        body += piece + b"\r\n" if piece else b""
    if trailer is not None:
        body += b"".join(name + b":" + value + b"\r\n" for name, value in trailer.items())
        text = b"".join(name + b":" + value + b"\n" for name, value in trailer.items())
        body += b"x-amz-trailer-signature:" + chain.sign("TRAILER", hashlib.sha256(text).hexdigest()) + b"\r\n"
    return body + b"\r\n"


def received(chain: Chain, body: bytes, *, trailer: bool) -> tuple[bytes, list[bytes]]:
    """What a service takes out of a body: its content and its trailer, every signature checked."""
    content, size = b"", -1
    lines: list[bytes] = []
    while size:
        line, _, body = body.partition(b"\r\n")
        text, _, value = line.partition(b";chunk-signature=")
        size = int(text, 16)
        content += body[:size]
        chain.check("PAYLOAD", payload(body[:size]), value)
        body = body[size + 2 :] if size else body
    while trailer:
        line, _, body = body.partition(b"\r\n")
        name, _, value = line.partition(b":")
        if name == b"x-amz-trailer-signature":
            text = b"".join(line + b"\n" for line in lines)
            chain.check("TRAILER", hashlib.sha256(text).hexdigest(), value)
            break
        lines.append(line)
    assert body == b"\r\n"
    return content, lines


def machine(algorithm: str, *, trailer: bool) -> Chunks:
    theirs = FOUND[algorithm]
    ours = replace(theirs, key_id=REAL_KEY_ID, value="ab" * 32)
    return chunks(
        (keys.key(theirs, KEY_ID, SECRET), theirs), (keys.key(ours, REAL_KEY_ID, REAL_SECRET), ours), trailer=trailer
    )


TRAILER = {b"x-amz-checksum-crc32c": b"sOO8/Q==", b"x-amz-meta-a": b"b c"}


@pytest.mark.parametrize("trailer", [None, TRAILER], ids=["", "trailer"])
@pytest.mark.parametrize("algorithm", [HMAC, ECDSA])
def test_a_service_finds_each_signature_right(algorithm: str, trailer: dict[bytes, bytes] | None) -> None:
    pieces = [b"x" * 8_192, b"\r\n0;chunk-signature=", b"z"]
    agent = Chain(algorithm, KEY_ID, SECRET, FOUND[algorithm].value)
    body = upload(agent, pieces, trailer)
    made = machine(algorithm, trailer=trailer is not None)
    out = b"".join([*made.feed(body), *made.feed(b"")])
    assert len(out) == len(body)
    service = Chain(algorithm, REAL_KEY_ID, REAL_SECRET, "ab" * 32)
    lines = [name + b":" + value for name, value in (trailer or {}).items()]
    assert received(service, out, trailer=trailer is not None) == (b"".join(pieces), lines)


BODY = upload(Chain(HMAC, KEY_ID, SECRET, "0" * 64), [b"hello \r\n world", b"0\r\n\r\n"], TRAILER)
WHOLE = b"".join(machine(HMAC, trailer=True).feed(BODY))


def fed(pieces: list[bytes]) -> bytes:
    made = machine(HMAC, trailer=True)
    return b"".join(out for piece in [*filter(None, pieces), b""] for out in made.feed(piece))


def test_cut_at_every_byte() -> None:
    assert fed([BODY[i : i + 1] for i in range(len(BODY))]) == WHOLE
    for cut in range(len(BODY)):
        assert fed([BODY[:cut], BODY[cut:]]) == WHOLE


@given(st.lists(st.integers(0, len(BODY)), max_size=10))
def test_however_it_is_cut_the_same_comes_out(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(BODY)]
    assert fed([BODY[start:end] for start, end in itertools.pairwise(edges)]) == WHOLE


def test_ended_at_every_byte_it_is_refused() -> None:
    for cut in range(len(BODY)):
        with pytest.raises(Malformed):
            fed([BODY[:cut]])


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_a_changed_byte_is_never_signed(at: int, change: int) -> None:
    changed = bytearray(BODY)
    changed[at] ^= change
    try:
        out = fed([bytes(changed)])
    except Malformed:
        return
    # Only what has no meaning may differ: the letter case of a size or of a trailer's name.
    assert bytes(changed).lower() == BODY.lower()
    assert out.lower() == WHOLE.lower()


@given(st.binary(max_size=400), st.booleans())
def test_anything_at_all_is_refused_and_nothing_else_happens(junk: bytes, trailer: bool) -> None:
    made = machine(HMAC, trailer=trailer)
    with pytest.raises(Malformed):
        for piece in ([junk] if junk else []) + [b""]:
            assert b"".join(made.feed(piece)) == b""


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"%x;chunk-signature=%s\r\n" % (MAX_CHUNK + 1, b"0" * 64), "a chunk is over"),
        (b"5;chunk-signature=" + b"0" * 64 + b";x=y\r\n", "does not begin with its size and signature"),
        (b"5;chunk-signature=" + b"0" * 63 + b"\r\n", "does not begin with its size and signature"),
        (b"5\r\nhello\r\n", "does not begin with its size and signature"),
        (b"-5;chunk-signature=" + b"0" * 64 + b"\r\n", "does not begin with its size and signature"),
        (b"x" * MAX_LINE, "too long"),
        (b"1;chunk-signature=" + b"0" * 64 + b"\r\nxyz", "longer than it says"),
        (b"1;chunk-signature=" + b"0" * 64 + b"\r\nx\r\n", "signature does not match"),
        (BODY + b"x", "goes on after its end"),
        (BODY[:-2] + b"xy", "does not end where it says"),
        (BODY.replace(b"x-amz-meta-a:b c", b"x-amz-meta-a"), "trailer cannot be read"),
    ],
)
def test_what_is_wrong_is_said(body: bytes, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        list(machine(HMAC, trailer=True).feed(body))
