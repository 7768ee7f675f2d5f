"""Whose AWS request it is: somebody else's does not leave, in whichever place its key stands."""

import pytest

from proxy.acceptance import Fields
from proxy.aws.screening import screen
from proxy.block import Refused
from proxy.rules import Foreign
from tests.proxy.aws.signers import KEY_ID, TOKEN, credential
from tests.proxy.aws.test_signature import DATE, LINE, QUERY
from tests.proxy.test_matching import asked, entry

HOST = "bucket.s3.eu-north-1.amazonaws.com"
OURS = ((b"Authorization", LINE.replace("AKIAX", KEY_ID).encode()), DATE)
THEIRS = ((b"Authorization", LINE.encode()), DATE)
FORM = (b"Content-Type", b"multipart/form-data; boundary=x")


def screened(
    fields: Fields = (), query: str = "", *, method: str = "GET", host: str = HOST, policy: Foreign | None = None,
    configured: bool = True, port: int = 443, **given: object,
) -> str | None:  # fmt: skip
    own = [credential(**given)] if configured else []  # type: ignore[arg-type]
    target = b"/key" + (f"?{query}".encode() if query else b"")
    claim = screen(
        own, entry(host, foreign_credentials=policy), asked(host=host, method=method, port=port), fields, target
    )
    return claim.credential.name if claim is not None else None


def test_ours_is_taken_on() -> None:
    assert screened(OURS) == "AWS"
    assert screened((), QUERY.replace("AKIAX", KEY_ID)) == "AWS"


@pytest.mark.parametrize(
    ("fields", "query", "method"),
    [
        (THEIRS, "", "GET"),
        (((b"Authorization", LINE.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256").replace("eu-north-1/", "").encode()), DATE), "", "GET"),
        ((), QUERY, "GET"),
        (((b"Authorization", b"AWS AKIAX:c2lnbmF0dXJl"),), "", "GET"),
        (((b"Authorization", f"AWS {KEY_ID}:c2lnbmF0dXJl".encode()),), "", "GET"),
        (((b"authorization", b"aws3-https AWSAccessKeyId=AKIAX"),), "", "GET"),
        ((), "AWSAccessKeyId=AKIAX&Signature=x&Expires=1", "GET"),
        ((), "%41wsaccesskeyid=AKIAX", "GET"),
        ((FORM,), "", "POST"),
        (((b"X-Amz-Security-Token", TOKEN.encode()),), "", "GET"),
        ((), "X-Amz-Security-Token=x", "GET"),
        ((), "", "PUT"),
        ((), "", "POST"),
        ((), "", "DELETE"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("configured", [True, False])
def test_foreign_keys_and_anonymous_writes(fields: Fields, query: str, method: str, configured: bool) -> None:
    with pytest.raises(Refused, match="foreign_credential_blocked"):
        screened(fields, query, method=method, configured=configured)


def test_an_entry_may_open_a_host_that_no_credential_is_for() -> None:
    assert screened(THEIRS, configured=False, policy="allow") is None
    with pytest.raises(Refused):
        screened(THEIRS, policy="allow")


def test_anonymous_requests() -> None:
    assert screened() is None
    assert screened(method="HEAD") is None
    assert screened(method="PUT", allow_anonymous=True) is None
    with pytest.raises(Refused, match="AWS form upload"):
        screened((FORM,), method="POST", allow_anonymous=True)


def test_other_hosts_are_no_concern() -> None:
    assert screened(THEIRS, host="minio.example.com") is None
    with pytest.raises(Refused):
        screened(THEIRS, host="minio.example.com", hosts=("minio.example.com",))
    assert screened(OURS, host="minio.example.com", hosts=("minio.example.com",)) == "AWS"


def test_scope() -> None:
    assert screened(OURS, regions=("eu-north-1",), services=("s3",)) == "AWS"
    with pytest.raises(Refused, match="not for this region"):
        screened(OURS, regions=("us-east-1",))
    with pytest.raises(Refused, match="not for this service"):
        screened(OURS, services=("dynamodb",))
    with pytest.raises(Refused, match="foreign_credential_blocked"):
        screened(OURS, port=8443)
    with pytest.raises(Refused, match="aws_resign_failed"):
        screened((OURS[0],))


@pytest.mark.parametrize("query", ["session", "session=", "%73ession"])
def test_s3_sessions_are_not_handed_out(query: str) -> None:
    with pytest.raises(Refused, match="mint_blocked: S3 CreateSession"):
        screened(OURS, query)
    assert screened(OURS, query, allow_sts=True) == "AWS"


def test_nobodys_web_identity_is_exchanged() -> None:
    query = "Action=AssumeRoleWithWebIdentity&WebIdentityToken=t"
    with pytest.raises(Refused, match="mint_blocked: unsigned STS call"):
        screened((), query, host="sts.eu-north-1.amazonaws.com", allow_sts=True)
