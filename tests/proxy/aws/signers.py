"""Requests signed by AWS's own libraries, in the form that the proxy reads them in."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
from awscrt import auth, http
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from proxy.acceptance import Fields
from proxy.aws.credential import AwsCredential, Part
from proxy.aws.resign import Outgoing

KEY_ID, SECRET, TOKEN = (
    "AKIASURROGATESURROGA",
    "surrogate/secret+surrogate/secret+surrog",
    "surrogate/token+surrogate==",
)
REAL_KEY_ID, REAL_SECRET, REAL_TOKEN = (
    "AKIAREALREALREALREAL",
    "real/secret+real/secret+real/secret+real",
    "real/token+real==",
)
SIGNERS: dict[str, Callable[..., Any]] = {
    "s3 express": partial(botocore.auth.S3ExpressAuth, identity_cache=None),
    "s3 express query": partial(botocore.auth.S3ExpressQueryAuth, identity_cache=None),
    "header": botocore.auth.SigV4Auth,
    "s3 header": botocore.auth.S3SigV4Auth,
    "query": botocore.auth.SigV4QueryAuth,
    "s3 query": botocore.auth.S3SigV4QueryAuth,
}


def credential(*, token: bool = False, **given: object) -> AwsCredential:
    """A credential with the values above."""
    defaults: dict[str, object] = {
        "name": "AWS",
        "key_id": Part(KEY_ID, REAL_KEY_ID),
        "secret": Part(SECRET, REAL_SECRET),
        "token": Part(TOKEN, REAL_TOKEN) if token else None,
        "hosts": ("*.amazonaws.com",),
        "ports": (443,),
        "regions": (),
        "services": (),
        "allow_anonymous": False,
        "allow_sts": False,
    }
    return AwsCredential(**(defaults | given))  # type: ignore[arg-type]


def outgoing(method: str, url: str, headers: list[tuple[str, str]]) -> Outgoing:
    """A request as the proxy sees it."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields: Fields = tuple((name.encode(), value.encode()) for name, value in headers)
    if not any(name.lower() == b"host" for name, _ in fields):
        fields = ((b"Host", parts.netloc.encode()), *fields)
    return Outgoing(method, target.encode(), fields, parts.netloc.encode(), parts.netloc.encode())


def signed_by_botocore(
    signer: str, service: str, method: str, url: str, *, body: bytes = b"", headers: dict[str, str] | None = None,
    token: bool = False, key_id: str = KEY_ID, secret: str = SECRET, keys: tuple[str, str, str] | None = None,
) -> Outgoing:  # fmt: skip
    """A request that botocore signed with the surrogates."""
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    given = Credentials(*(keys or (key_id, secret, TOKEN if token else None)))
    SIGNERS[signer](given, service, "eu-north-1").add_auth(request)
    prepared = request.prepare()
    sent = [(name, value.decode() if isinstance(value, bytes) else value) for name, value in prepared.headers.items()]
    return outgoing(method, prepared.url, [(n, v) for n, v in sent if n.lower() != "content-length"])


def judged_by_botocore(
    signer: str, service: str, request: Outgoing, target: bytes, fields: Fields, body: bytes,
    keys: tuple[str, str, str] = (REAL_KEY_ID, REAL_SECRET, ""),
) -> str:  # fmt: skip
    """The signature that botocore makes of a request with the real key, at the time that the request says."""
    headers = {
        name.decode(): value.decode() for name, value in fields if name.lower() not in (b"authorization", b"host")
    }
    path, _, query = target.decode().partition("?")
    if "query" in signer:
        query = "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
    url = f"https://{request.host.decode()}{path}" + (f"?{query}" if query else "")
    made = AWSRequest(method=request.method, url=url, data=body, headers=headers)
    time = {name.lower(): value for name, value in headers.items()}.get("x-amz-date") or query.split("X-Amz-Date=")[
        1
    ].split("&")[0]
    made.context["timestamp"] = time
    judge = SIGNERS[signer](Credentials(*keys[:2]), service, "eu-north-1")
    return str(judge.signature(judge.string_to_sign(made, judge.canonical_request(made)), made))


def signed_by_awscrt(
    method: str, url: str, service: str, *, asymmetric: bool, query: bool = False, payload: str | None = None,
    token: bool = False, at: datetime | None = None, headers: list[tuple[str, str]] | None = None,
) -> Outgoing:  # fmt: skip
    """A request that AWS's common runtime signed with the surrogates."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    request = http.HttpRequest(method, target, http.HttpHeaders([("host", parts.netloc), *(headers or [])]))
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC if asymmetric else auth.AwsSigningAlgorithm.V4,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS
        if query
        else auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=auth.AwsCredentialsProvider.new_static(KEY_ID, SECRET, TOKEN if token else None),
        region="eu-*" if asymmetric else "eu-north-1",
        service=service,
        date=at or datetime.now(UTC),
        use_double_uri_encode=service != "s3",
        should_normalize_uri_path=service != "s3",
        signed_body_value=payload,
        signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256
        if payload and not query
        else auth.AwsSignedBodyHeaderType.NONE,
        expiration_in_seconds=600 if query else None,
    )
    done = auth.aws_sign_request(request, config).result(10)
    return outgoing(method, f"https://{parts.netloc}{done.path}", list(done.headers))
