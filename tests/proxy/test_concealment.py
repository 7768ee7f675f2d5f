"""Answers that hand out credentials: however they come, none of them goes on."""

import gzip
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.acceptance import Fields
from proxy.aws.sessions import SessionMint
from proxy.block import Refused
from proxy.codings import Undecodable, decoder
from proxy.concealment import MAX_ANSWER, MAX_TTL, MintedBody, conceal, minted_body
from proxy.minted import Minted
from proxy.mints import Mint
from proxy.scrub import Needles
from tests.proxy.aws.signers import credential as aws_credential
from tests.proxy.test_minted import RULES, VALUE, Clock
from tests.proxy.test_swap import credential

MINT = Mint(credential(), ("/token", "/all/*/key"), ("registry.test",), 60)
SESSION = SessionMint(aws_credential(), b"x-amz-security-token")


def concealed(document: object, minted: Minted) -> object:
    return json.loads(conceal(minted, MINT, json.dumps(document).encode()))


def test_tokens_become_surrogates() -> None:
    minted = Minted()
    sent = {"token": VALUE, "all": [{"key": "another-that-was-handed-out"}], "access_token": "", "expires_in": 300}
    seen = concealed(sent, minted)
    surrogates = {value: surrogate for _, value, surrogate in minted.named_pairs()}
    assert seen == {**sent, "token": surrogates[VALUE], "all": [{"key": surrogates["another-that-was-handed-out"]}]}
    assert concealed(sent, minted) == seen


@pytest.mark.parametrize("sent", [b"", b" \n", b'{"errors": [ ]}', b'{"token": null}', b'[{"token": "x"}]', b'"text"'])
def test_an_answer_without_any_stays_byte_for_byte(sent: bytes) -> None:
    assert conceal(Minted(), MINT, sent) == sent


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b"token=abc", "not JSON"),
        (b'{"token": "a", "token": "b"}', "a name is there twice"),
        (b'{"token": {"value": "a"}}', "is no string"),
        (b'{"token": 12345678901234567890}', "is no string"),
        (b'{"token": "' + VALUE.encode(), "not JSON"),
        (VALUE.encode("utf-16"), "not JSON"),
    ],
)
def test_what_cannot_be_read_for_certain_does_not_go_on(sent: bytes, problem: str) -> None:
    with pytest.raises(Undecodable, match=problem):
        conceal(Minted(), MINT, sent)


@pytest.mark.parametrize(
    ("said", "seconds"), [(300, 300), (5, 60), (None, 60), ("300", 60), (True, 60), (1e300, MAX_TTL), (-1, 60)]
)
def test_how_long_it_is_good(said: object, seconds: int) -> None:
    clock = Clock()
    minted = Minted(clock)
    concealed({"token": VALUE, "expires_in": said}, minted)
    clock.now += seconds - 1
    assert minted.added_to(RULES) is not RULES
    clock.now += 1
    assert minted.added_to(RULES) is RULES


STS = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAHANDEDOUTHANDEDO</AccessKeyId><SecretAccessKey>handed/out+handed/out</SecretAccessKey>
<SessionToken>token/handed+out&#x3D;token==</SessionToken><Expiration>2100-01-01T00:00:00.5Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def test_keys_become_surrogates() -> None:
    minted = Minted()
    seen = conceal(minted, SESSION, STS.encode()).decode()
    pairs = {value: surrogate for _, value, surrogate in minted.named_pairs()}
    assert list(pairs) == ["ASIAHANDEDOUTHANDEDO", "handed/out+handed/out", "token/handed+out=token=="]
    assert not any(value in seen for value in (*pairs, "token/handed+out&#x3D;token=="))
    assert all(surrogate in seen for surrogate in pairs.values())
    assert conceal(minted, SESSION, b"<ErrorResponse/>") == b"<ErrorResponse/>"


@pytest.mark.parametrize(
    "sent",
    [
        STS.replace("</SessionToken>", "<!-- --></SessionToken>"),
        STS.replace("AccessKeyId>", "ns:AccessKeyId>"),
        STS.replace("<SessionToken>", "<SessionToken >"),
        STS + STS,
        STS.replace("SessionToken>", "Other>"),
        STS.replace("2100-01-01T00:00:00.5Z", "soon"),
        '{"AccessKeyId": "ASIAHANDEDOUTHANDEDO"}',
        STS.encode("utf-16").decode("latin-1"),
    ],
)
def test_keys_that_cannot_be_read_for_certain_do_not_go_on(sent: str) -> None:
    with pytest.raises(Undecodable):
        conceal(Minted(), SESSION, sent.encode("latin-1"))


def body(sent: bytes, coding: str = "") -> tuple[MintedBody, Iterator[bytes]]:
    decode = decoder(coding)
    assert decode is not None
    minted = Minted()

    def needles() -> Needles:
        return Needles((value, surrogate) for _, value, surrogate in minted.named_pairs())

    made = MintedBody(decode, lambda raw: conceal(minted, MINT, raw), needles)
    return made, (piece for at in range(len(sent) + 1) for piece in made.feed(sent[at : at + 1]))


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_byte_by_byte_and_wherever_else_it_stands(coding: str) -> None:
    text = json.dumps({"token": VALUE, "echo": f"Bearer {VALUE}"}).encode()
    made, out = body(gzip.compress(text) if coding else text, coding)
    (whole,) = out
    seen = json.loads(whole)
    assert (seen["echo"], VALUE.encode() in whole, made.count) == (f"Bearer {seen['token']}", False, 2)


def test_a_long_answer_does_not_go_on() -> None:
    made, _ = body(b"")
    with pytest.raises(Undecodable, match="over 1 MiB"):
        list(made.feed(b"x" * (MAX_ANSWER + 1)))


@pytest.mark.parametrize(
    ("fields", "status", "what"),
    [
        (((b"Content-Type", b"application/json"),), 200, "minted"),
        (((b"Content-Type", b"text/plain; charset=utf-8"),), 200, "minted"),
        ((), 500, "minted"),
        (((b"Content-Type", b"application/problem+json"),), 400, "minted"),
        (((b"Content-Type", b"text/html"),), 401, "other"),
        (((b"Content-Type", b"text/html"),), 200, "refused"),
        (((b"Content-Encoding", b"dcb"),), 200, "refused"),
    ],
)
def test_by_what_the_head_says(fields: Fields, status: int, what: str) -> None:
    if what == "refused":
        with pytest.raises(Refused, match="response_not_inspectable"):
            minted_body(MINT, fields, status, bytes, Needles)
    else:
        assert (minted_body(MINT, fields, status, bytes, Needles) is not None) == (what == "minted")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(VALUE),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("key"), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    rest=st.dictionaries(st.text(max_size=5) | st.sampled_from(["all", "x"]), JSON, max_size=3), cut=st.integers(1, 40)
)
def test_wherever_else_it_stands_it_does_not_go_on(rest: dict[str, object], cut: int) -> None:
    text = json.dumps({**rest, "token": VALUE}).encode()
    made, _ = body(b"")
    try:
        out = [out for at in range(0, len(text), cut) for out in made.feed(text[at : at + cut])] + list(made.feed(b""))
    except Undecodable:
        out = []
    assert VALUE.encode() not in b"".join(out)
