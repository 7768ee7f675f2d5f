"""Requests signed by AWS's libraries with surrogates come out as those libraries sign them with the real key."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from proxy.aws import canonical, keys, signature
from proxy.aws.credential import S3_SESSION_TOKEN, SECURITY_TOKEN
from proxy.aws.resign import Hashed, Outgoing, Resigned, needs_body, resign
from proxy.aws.screening import Claim
from proxy.aws.sessions import SessionMint
from proxy.aws.signature import Malformed, Signature
from proxy.block import Refused
from tests.proxy.aws.signers import (
    KEY_ID,
    REAL_KEY_ID,
    REAL_SECRET,
    REAL_TOKEN,
    SECRET,
    TOKEN,
    credential,
    judged_by_botocore,
    outgoing,
    signed_by_awscrt,
    signed_by_botocore,
)

S3, DB = "https://bucket.s3.eu-north-1.amazonaws.com", "https://dynamodb.eu-north-1.amazonaws.com"


def found_in(fields: tuple[tuple[bytes, bytes], ...], target: bytes) -> Signature:
    found = signature.read(fields, target.partition(b"?")[2])
    assert found is not None
    return found


def resigned(request: Outgoing, *, token: bool = False, body: bytes = b"", now: datetime | None = None) -> Resigned:
    claim = Claim(credential(token=token), found_in(request.fields, request.target))
    whole = body if needs_body(claim, request) else None
    return resign(claim, request, now or datetime.now(UTC), whole)


PATHS = ["/", "/key", "/a%20b/%3A/caf%C3%A9", "/a//b/../c", "/a:b@c!$&'()*,=~", "/%2F", "/a+b"]
QUERIES = [
    "",
    "?list-type=2&prefix=a%2Fb&empty=",
    "?acl",
    "?b=2&a=1&a=0",
    "?x=%20%2B+y",
    "?K=1&k=2",
    "?%C3%A9=%E2%82%AC",
]
URLS = [f"{path}{QUERIES[0]}" for path in PATHS] + [f"/k{query}" for query in QUERIES[1:]]


@pytest.mark.parametrize("token", [False, True], ids=["", "token"])
@pytest.mark.parametrize("signer", ["header", "s3 header", "query", "s3 query"])
@pytest.mark.parametrize("url", URLS)
def test_botocore_agrees(signer: str, url: str, token: bool) -> None:
    service, host = ("s3", S3) if "s3" in signer else ("dynamodb", DB)
    if signer == "query" and "=" not in url:
        url += "?a=b" if "?" not in url else ""
    method, body = ("GET", b"") if "query" in signer else ("PUT", b"some content")
    headers = {"X-Amz-Meta-Name": "  two   blanks  ", "Content-Type": "text/plain"} if body else {}
    request = signed_by_botocore(signer, service, method, host + url, body=body, headers=headers, token=token)
    made = resigned(request, token=token, body=body)
    found = found_in(made.fields, made.target)
    assert found.key_id == REAL_KEY_ID
    assert found.value == judged_by_botocore(signer, service, request, made.target, made.fields, body)
    sent = b"\n".join([made.target, *(value for _, value in made.fields)])
    assert KEY_ID.encode() not in sent
    assert TOKEN.encode() not in sent
    assert (b"real" in sent.lower().replace(REAL_KEY_ID.lower().encode(), b"")) == token


@pytest.mark.parametrize("query", [False, True], ids=["header", "query"])
@pytest.mark.parametrize("asymmetric", [False, True], ids=["SigV4", "SigV4A"])
@pytest.mark.parametrize("token", [False, True], ids=["", "token"])
@pytest.mark.parametrize("service", ["s3", "execute-api"])
@pytest.mark.parametrize("url", ["/", "/a%20b/x?b=2&a=1", "/a//b?empty="])
def test_the_common_runtime_agrees(url: str, service: str, token: bool, asymmetric: bool, query: bool) -> None:
    payload = hashlib.sha256(b"").hexdigest() if not query else ("UNSIGNED-PAYLOAD" if service == "s3" else None)
    request = signed_by_awscrt(
        "GET", S3 + url, service, asymmetric=asymmetric, query=query, token=token, payload=payload
    )
    made = resigned(request, token=token)
    found = found_in(made.fields, made.target)
    assert found.key_id == REAL_KEY_ID
    # The same check that just held for the runtime's own signature, with the real key in the surrogate's place.
    real = credential(token=token)
    swapped = replace(
        real, key_id=replace(real.key_id, surrogate=REAL_KEY_ID), secret=replace(real.secret, surrogate=REAL_SECRET)
    )
    if real.token is not None:
        swapped = replace(swapped, token=replace(real.token, surrogate=REAL_TOKEN))
    again = replace(request, target=made.target, fields=made.fields)
    claim = Claim(swapped, found)
    resign(claim, again, datetime.now(UTC), b"" if needs_body(claim, again) else None)


def test_a_token_that_the_request_lacks_is_added_and_signed() -> None:
    for signer in ("s3 header", "s3 query"):
        request = signed_by_botocore(signer, "s3", "GET", f"{S3}/k?a=b")
        made = resigned(request, token=True)
        found = found_in(made.fields, made.target)
        assert found.value == judged_by_botocore(signer, "s3", request, made.target, made.fields, b"")
        if not found.presigned:
            assert "x-amz-security-token" in found.signed
            assert (b"X-Amz-Security-Token", REAL_TOKEN.encode()) in made.fields


@pytest.mark.parametrize("signer", ["s3 express", "s3 express query"])
def test_a_session_of_s3_has_a_token_field_of_its_own(signer: str) -> None:
    request = signed_by_botocore(signer, "s3express", "GET", f"{S3}/k?a=b", token=True)
    found = found_in(request.fields, request.target)
    with pytest.raises(Refused, match="foreign_credential_blocked: AWS session token"):
        resign(Claim(credential(token=True), found), request, datetime.now(UTC))
    session = credential(token=True, token_field=S3_SESSION_TOKEN)
    made = resign(Claim(session, found), request, datetime.now(UTC))
    sent = b"\n".join([made.target, *(value for _, value in made.fields)])
    assert (TOKEN.encode() in sent, quote(TOKEN, safe="").encode() in sent) == (False, False)
    judged = judged_by_botocore(
        signer, "s3express", request, made.target, made.fields, b"", keys=(REAL_KEY_ID, REAL_SECRET, REAL_TOKEN)
    )
    assert found_in(made.fields, made.target).value == judged
    usual = signed_by_botocore("s3 header", "s3", "GET", f"{S3}/k", token=True)
    with pytest.raises(Refused, match="foreign_credential_blocked: AWS session token"):
        resign(Claim(session, found_in(usual.fields, b"")), usual, datetime.now(UTC))


@pytest.mark.parametrize(
    ("service", "target", "body", "handed_out"),
    [
        ("s3express", "/?session", b"", SessionMint(credential(allow_sts=True), S3_SESSION_TOKEN)),
        ("s3", "/k", b"", None),
        ("sts", "/", b"Action=AssumeRole", SessionMint(credential(allow_sts=True), SECURITY_TOKEN)),
        ("sts", "/?Action=GetSessionToken", b"", SessionMint(credential(allow_sts=True), SECURITY_TOKEN)),
        ("sts", "/", b"Action=GetCallerIdentity", None),
        ("sts", "/", b"Action=GetWebIdentityToken", "mint_blocked: STS GetWebIdentityToken"),
        ("sts", "/", b"Action=AssumeRole&Action=GetCallerIdentity", "mint_blocked: STS AssumeRole"),
    ],
)
def test_what_is_handed_out_where_that_is_allowed(
    service: str, target: str, body: bytes, handed_out: SessionMint | str | None
) -> None:
    host = STS.rstrip("/") if service == "sts" else S3
    signer = "header" if service == "sts" else "s3 header"
    request = signed_by_botocore(signer, service, "POST" if body else "GET", host + target, body=body)
    claim = Claim(credential(allow_sts=True), found_in(request.fields, request.target))
    whole = body if needs_body(claim, request) else None
    if isinstance(handed_out, str):
        with pytest.raises(Refused, match=handed_out):
            resign(claim, request, datetime.now(UTC), whole)
    else:
        assert resign(claim, request, datetime.now(UTC), whole).mint == handed_out


def test_the_host_is_signed_as_it_is_sent() -> None:
    request = signed_by_botocore("s3 header", "s3", "GET", f"{S3}/k")
    spelt = replace(request, received_host=request.host, host=b"other.s3.eu-north-1.amazonaws.com")
    made = resigned(spelt)
    assert found_in(made.fields, made.target).value == judged_by_botocore(
        "s3 header", "s3", spelt, made.target, made.fields, b""
    )


def altered(request: Outgoing, **given: object) -> Outgoing:
    return replace(request, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "alter",
    [
        lambda r: altered(r, method="DELETE"),
        lambda r: altered(r, target=r.target + b"x"),
        lambda r: altered(r, target=r.target.replace(b"a=1", b"a=2")),
        lambda r: altered(r, received_host=b"other.s3.eu-north-1.amazonaws.com"),
        lambda r: altered(r, fields=tuple((n, v + b"x" if n == b"X-Amz-Meta-A" else v) for n, v in r.fields)),
        lambda r: altered(r, fields=tuple((n, v) for n, v in r.fields if n != b"X-Amz-Meta-A")),
        lambda r: altered(r, fields=(*r.fields, (b"x-amz-meta-a", b"second"))),
    ],
)
def test_a_request_that_was_altered_is_not_signed(alter) -> None:  # type: ignore[no-untyped-def]
    request = signed_by_botocore("s3 header", "s3", "GET", f"{S3}/k?a=1", headers={"X-Amz-Meta-A": "b"})
    resigned(request)
    with pytest.raises(Refused, match="aws_resign_failed"):
        resigned(alter(request))


def test_another_secret_is_not_ours() -> None:
    request = signed_by_botocore("s3 header", "s3", "GET", f"{S3}/k", secret=SECRET[::-1])
    with pytest.raises(Refused, match="aws_resign_failed: the signature does not match the request"):
        resigned(request)


def test_values_that_cannot_be_had() -> None:
    request = signed_by_botocore("s3 header", "s3", "GET", f"{S3}/k")
    whole = credential(token=True)
    for part in ("key_id", "secret", "token"):
        gone = replace(whole, **{part: replace(getattr(whole, part), value=None)})
        with pytest.raises(Refused, match="credential_unavailable: AWS"):
            resign(Claim(gone, found_in(request.fields, request.target)), request, datetime.now(UTC))


def test_times() -> None:
    request, presigned = (signed_by_botocore(signer, "s3", "GET", f"{S3}/k") for signer in ("s3 header", "s3 query"))
    now = datetime.now(UTC)
    for at in (now + timedelta(minutes=16), now - timedelta(minutes=16)):
        with pytest.raises(Refused, match=r"aws_resign_failed: the request was signed 9\d\d s"):
            resigned(request, now=at)
    resigned(presigned, now=now + timedelta(minutes=16))
    with pytest.raises(Refused, match="aws_resign_failed: the presigned URL has expired"):
        resigned(presigned, now=now + timedelta(seconds=3_602))
    with pytest.raises(Malformed, match="X-Amz-Expires is not between 1 second and 7 days"):
        resigned(signed_with_expiry(604_801))
    resigned(signed_with_expiry(604_800))


def signed_with_expiry(seconds: int) -> Outgoing:
    request = signed_by_botocore("s3 query", "s3", "GET", f"{S3}/k")
    found = found_in(request.fields, request.target)
    target = request.target.replace(b"X-Amz-Expires=3600", b"X-Amz-Expires=%d" % seconds)
    # Signed anew for the other time: with the surrogate's key, as the agent could do it.
    text = canonical.request(
        "GET", b"/k", canonical.queries(target.partition(b"?")[2], presigned=True)[0],
        canonical.headers(request.fields, found.signed, request.host), found.signed, "UNSIGNED-PAYLOAD",
    )  # fmt: skip
    value = keys.key(found, KEY_ID, SECRET).sign(keys.string_to_sign(found, text))
    return replace(request, target=target.replace(found.value.encode(), value.encode()))


@pytest.mark.parametrize("signer", ["s3 header", "s3 query"])
def test_a_foreign_session_token(signer: str) -> None:
    request = signed_by_botocore(signer, "s3", "GET", f"{S3}/k", token=True)
    with pytest.raises(Refused, match="foreign_credential_blocked: AWS session token"):
        resigned(request, token=False)


def test_a_body_whose_hash_was_signed() -> None:
    request = signed_by_botocore("s3 header", "s3", "PUT", f"{S3}/k", body=b"content")
    for sent, passes in ((b"content", True), (b"contenx", False)):
        body = resigned(request).body
        assert isinstance(body, Hashed)
        out = [*body.feed(sent[:3]), *body.feed(sent[3:])]
        assert out == [sent[:3]]  # the last piece waits until all of it was seen to be right
        if passes:
            assert list(body.feed(b"")) == [sent[3:]]
        else:
            with pytest.raises(Malformed):
                list(body.feed(b""))


def test_a_body_that_has_to_be_read_first() -> None:
    request = signed_by_botocore("header", "dynamodb", "POST", f"{DB}/", body=b"{}")
    claim = Claim(credential(), found_in(request.fields, request.target))
    assert needs_body(claim, request)
    resigned(request, body=b"{}")
    with pytest.raises(Refused, match="does not match"):
        resigned(request, body=b"{ }")
    with pytest.raises(Refused, match="the body is needed"):
        resign(claim, request, datetime.now(UTC))


STS = "https://sts.eu-north-1.amazonaws.com/"


@pytest.mark.parametrize(
    ("body", "query", "refused"),
    [
        (b"Action=GetCallerIdentity&Version=2011-06-15", "", None),
        (b"", "?Action=GetCallerIdentity&Version=2011-06-15", None),
        (b"Action=AssumeRole&RoleArn=x", "", "mint_blocked: STS AssumeRole"),
        (b"Action=%41ssumeRole", "", "mint_blocked: STS AssumeRole"),
        (b"Action=GetCallerIdentity&Action=GetSessionToken", "", "mint_blocked: STS GetSessionToken"),
        (b"Action=GetFederationToken", "?Action=GetCallerIdentity", "mint_blocked: STS GetFederationToken"),
        (b"Version=1", "", "mint_blocked: STS call without one action"),
    ],
)
def test_sts_hands_out_no_keys(body: bytes, query: str, refused: str | None) -> None:
    request = signed_by_botocore("header", "sts", "POST" if body else "GET", STS + query, body=body)
    if refused is None:
        resigned(request, body=body)
    else:
        with pytest.raises(Refused, match=refused):
            resigned(request, body=body)


def test_what_the_payload_may_say() -> None:
    request = outgoing("PUT", f"{S3}/k", [])
    found = found_in(signed_by_botocore("s3 header", "s3", "GET", f"{S3}/k").fields, b"/k")
    for said in ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "UNSIGNED", "e3b0", ""):
        odd = replace(request, fields=((b"X-Amz-Content-Sha256", said.encode()),))
        with pytest.raises(Refused, match="says nothing that is known"):
            needs_body(Claim(credential(), found), odd)
    twice = replace(request, fields=((b"X-Amz-Content-Sha256", b"UNSIGNED-PAYLOAD"),) * 2)
    with pytest.raises(Refused, match="is repeated"):
        needs_body(Claim(credential(), found), twice)
