"""Answers of AWS that hand out a key pair with a session token (STS, and S3's CreateSession)."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import datetime

from proxy.aws.credential import AwsCredential
from proxy.aws.signature import Malformed

DEFAULT_TTL = 3600.0  # seconds, when the answer names no end: the shortest that an assumed role has by default
_NAMES: tuple[str, ...] = ("AccessKeyId", "SecretAccessKey", "SessionToken")
_ELEMENT = re.compile(r"<(AccessKeyId|SecretAccessKey|SessionToken)>([^<>]*)</\1>")
_MENTION = re.compile(r"AccessKeyId|SecretAccessKey|SessionToken")
_END = re.compile(r"<Expiration>([^<>]*)</Expiration>")


@dataclass(frozen=True)
class SessionMint:
    """An answer that hands out keys: whose, and the header field that their token will be sent in."""

    parent: AwsCredential
    token_field: bytes


@dataclass(frozen=True)
class Session:
    """The keys of one answer; `ends` in seconds since 1970."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    token: str = field(repr=False)
    token_field: bytes
    ends: float


def read(text: str, token_field: bytes, now: float) -> Session | None:
    """The session in an XML answer; None if it has none.

    Raises:
        Malformed: it names keys in a way that cannot be read for certain.
    """
    found = [(name, html.unescape(value)) for name, value in _ELEMENT.findall(text)]
    if not found and not _MENTION.search(text):
        return None
    values = dict(found)
    if sorted(name for name, _ in found) != list(_NAMES) or not all(values.values()):
        raise Malformed("the answer does not hold one key pair with its token")
    if len(_MENTION.findall(text)) != 2 * len(_NAMES):
        raise Malformed("the answer names keys elsewhere, too")
    ends = _END.search(text)
    end = _time(ends[1]) if ends is not None else now + DEFAULT_TTL
    return Session(values["AccessKeyId"], values["SecretAccessKey"], values["SessionToken"], token_field, end)


def _time(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise Malformed("the answer's Expiration is no time") from None


def written(text: str, credential: AwsCredential) -> str:
    """The same answer with the surrogates of its keys."""
    assert credential.token is not None
    values = dict(zip(_NAMES, (credential.key_id, credential.secret, credential.token), strict=True))
    return _ELEMENT.sub(lambda found: f"<{found[1]}>{html.escape(values[found[1]].surrogate)}</{found[1]}>", text)
