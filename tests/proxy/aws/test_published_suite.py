"""AWS's published test suite for SigV4: its cases, in our words, signed by its own library and signed anew here.

The suite's key is the real one, so that what comes out is what AWS publishes for it; `PUBLISHED` has some of that.
"""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from awscrt import auth, http

from proxy.aws import keys, signature
from proxy.aws.credential import Part
from proxy.aws.resign import Outgoing, resign
from proxy.aws.screening import Claim
from proxy.aws.signature import Signature
from tests.proxy.aws.signers import KEY_ID, SECRET, TOKEN, credential, outgoing

AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "example.amazonaws.com"
REAL = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
REAL_TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "13")]
Case = tuple[str, str, list[tuple[str, str]], bytes]
CASES: dict[str, Case] = {
    "get-vanilla": ("GET", "/", [], b""),
    "get-header-key-duplicate": ("GET", "/", [("My-Header1", text) for text in ("value2", "value2", "value1")], b""),
    "get-header-value-order": ("GET", "/", [("My-Header1", f"value{n}") for n in (4, 1, 3, 2)], b""),
    "get-header-value-trim": ("GET", "/", [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')], b""),
    "get-relative": ("GET", "/example/..", [], b""),
    "get-relative-relative": ("GET", "/example1/example2/../..", [], b""),
    "get-slash": ("GET", "//", [], b""),
    "get-slash-dot-slash": ("GET", "/./", [], b""),
    "get-slash-pointless-dot": ("GET", "/./example", [], b""),
    "get-slashes": ("GET", "//example//", [], b""),
    "get-space": ("GET", "/example space/", [], b""),
    "get-unreserved": ("GET", f"/{UNRESERVED}", [], b""),
    "get-utf8": ("GET", "/ሴ", [], b""),
    "get-vanilla-empty-query-key": ("GET", "/?Param1=value1", [], b""),
    "get-vanilla-query-order-key-case": ("GET", "/?Param2=value2&Param1=value1", [], b""),
    "get-vanilla-query-order-key": ("GET", "/?Param1=value2&Param1=Value1", [], b""),
    "get-vanilla-query-order-value": ("GET", "/?Param1=value2&Param1=value1", [], b""),
    "get-vanilla-query-order-encoded": ("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", [], b""),
    "get-vanilla-query-unreserved": ("GET", f"/?{UNRESERVED}={UNRESERVED}", [], b""),
    "get-vanilla-utf8-query": ("GET", "/?ሴ=bar", [], b""),
    "post-header-key-sort": ("POST", "/", [("My-Header1", "value1")], b""),
    "post-header-value-case": ("POST", "/", [("My-Header1", "VALUE1")], b""),
    "post-vanilla-query": ("POST", "/?Param1=value1", [], b""),
    "post-vanilla-empty-query-value": ("POST", "/?Param1=", [], b""),
    "post-x-www-form-urlencoded": ("POST", "/", FORM, b"Param1=value1"),
}
PUBLISHED = {
    ("get-vanilla", False): "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ("get-header-key-duplicate", False): "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ("get-header-value-trim", False): "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ("get-utf8", False): "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    ("get-vanilla-query-order-key-case", True): "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5",
}


def signed(
    case: Case, given: tuple[str, ...], *, query: bool, normalised: bool = True, asymmetric: bool = False
) -> Outgoing:
    """A case as the suite's own library signs it."""
    method, target, headers, body = case
    request = http.HttpRequest(method, target, http.HttpHeaders([("Host", HOST), *headers]))
    if body:
        request.body_stream = io.BytesIO(body)
    kinds, algorithms = auth.AwsSignatureType, auth.AwsSigningAlgorithm
    config = auth.AwsSigningConfig(
        algorithm=algorithms.V4_ASYMMETRIC if asymmetric else algorithms.V4,
        signature_type=kinds.HTTP_REQUEST_QUERY_PARAMS if query else kinds.HTTP_REQUEST_HEADERS,
        credentials_provider=auth.AwsCredentialsProvider.new_static(*given),
        region="us-east-1",
        service="service",
        date=AT,
        use_double_uri_encode=True,
        should_normalize_uri_path=normalised,
        expiration_in_seconds=3600 if query else None,
    )
    done = auth.aws_sign_request(request, config).result(10)
    made = outgoing(method, f"https://{HOST}/", list(done.headers))
    return replace(made, target=done.path.encode())


def read(request: Outgoing, target: bytes) -> Signature:
    found = signature.read(request.fields, target.partition(b"?")[2])
    assert found is not None
    return found


@pytest.mark.parametrize("query", [False, True], ids=["header", "query"])
@pytest.mark.parametrize("normalised", [True, False], ids=["normalised", "unnormalised"])
@pytest.mark.parametrize("name", CASES)
def test_what_comes_out_is_what_the_real_key_would_have_signed(name: str, normalised: bool, query: bool) -> None:
    case = CASES[name]
    ours, theirs = (signed(case, given, query=query, normalised=normalised) for given in ((KEY_ID, SECRET), REAL))
    real = replace(credential(), key_id=Part(KEY_ID, REAL[0]), secret=Part(SECRET, REAL[1]))
    made = resign(Claim(real, read(ours, ours.target)), ours, AT, case[3])
    assert (made.target, made.fields) == (theirs.target, theirs.fields)
    published = PUBLISHED.get((name, query))
    if published is not None and normalised:
        assert read(replace(ours, fields=made.fields), made.target).value == published


@pytest.mark.parametrize("query", [False, True], ids=["header", "query"])
def test_with_a_session_token(query: bool) -> None:
    case = CASES["get-vanilla"]
    ours, theirs = (signed(case, given, query=query) for given in ((KEY_ID, SECRET, TOKEN), (*REAL, REAL_TOKEN)))
    real = replace(
        credential(), key_id=Part(KEY_ID, REAL[0]), secret=Part(SECRET, REAL[1]), token=Part(TOKEN, REAL_TOKEN)
    )
    made = resign(Claim(real, read(ours, ours.target)), ours, AT, b"")
    assert (made.target, sorted(made.fields)) == (theirs.target, sorted(theirs.fields))


@pytest.mark.parametrize("query", [False, True], ids=["header", "query"])
@pytest.mark.parametrize("normalised", [True, False], ids=["normalised", "unnormalised"])
@pytest.mark.parametrize("name", CASES)
def test_the_same_in_sigv4a(name: str, normalised: bool, query: bool) -> None:
    case = CASES[name]
    ours = signed(case, (KEY_ID, SECRET), query=query, normalised=normalised, asymmetric=True)
    real = replace(credential(), key_id=Part(KEY_ID, REAL[0]), secret=Part(SECRET, REAL[1]))
    made = resign(Claim(real, read(ours, ours.target)), ours, AT, case[3])
    again = replace(ours, target=made.target, fields=made.fields)
    found = read(again, made.target)
    # An ECDSA signature is another one each time; that it is one of the real key is what the check of the agent's says.
    holder = replace(credential(), key_id=Part(REAL[0], "x"), secret=Part(REAL[1], "y"))
    resign(Claim(holder, found), again, AT, case[3])
    assert (found.key_id, keys.key(found, *REAL).verifies(b"another text", found.value)) == (REAL[0], False)
