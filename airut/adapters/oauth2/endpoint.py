"""One request to a token endpoint (RFC 6749 §5)."""

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from airut.adapters.oauth2.xoauth2 import one_line

TIMEOUT = 15.0
"""Seconds for one request: as long as connecting to a mail server may take."""
MAX_ANSWER = 1024 * 1024
"""Bytes; an answer has a few thousand."""
_TRY_LATER = {408, 425, 429}


class TokenFailed(Exception):
    """No token is to be had. `refused`: an operator has to act; else it may be there another time. Holds no secret."""

    def __init__(self, reason: str, *, refused: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refused = refused


class Granted(BaseModel):
    """RFC 6749 §5.1. A server that does not say how long a token is good is asked for another one each time."""

    access_token: str = Field(min_length=1, pattern=r"^[\x20-\x7e]+$")
    token_type: str = Field(pattern=r"(?i)^bearer$")
    expires_in: float = Field(default=0.0, ge=0)
    refresh_token: str = ""


class _Refused(BaseModel):
    """RFC 6749 §5.2."""

    error: str
    error_description: str = ""


async def ask(url: str, form: Mapping[str, str], secrets: Sequence[str], ca_file: Path | None) -> Granted:
    """Post the form, and read what is granted.

    Raises:
        TokenFailed: with what the server says of it, without `secrets`.
    """
    import aiohttp  # not at the top: it takes a third of a second, and few mailboxes log in by token

    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise TokenFailed(f"oauth2.ca_file {ca_file} cannot be read: {error}", refused=True) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    connector = aiohttp.TCPConnector(ssl=context)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            # Not to where it may point: secrets are for the configured address alone.
            session.post(url, data=form, allow_redirects=False) as answer,
        ):
            status, body = answer.status, await answer.content.read(MAX_ANSWER)
            while not answer.content.at_eof() and len(body) < MAX_ANSWER:
                body += await answer.content.read(MAX_ANSWER - len(body))
    except TimeoutError:
        raise TokenFailed(f"{url} does not answer within {TIMEOUT:g} s", refused=False) from None
    except (aiohttp.ClientError, OSError) as error:
        raise TokenFailed(f"{url}: {_without(str(error), secrets)}", refused=False) from None
    return _read(url, status, body, secrets)


def _read(url: str, status: int, body: bytes, secrets: Sequence[str]) -> Granted:
    if status == 200:
        try:
            return Granted.model_validate_json(body)
        except ValidationError:
            raise TokenFailed(f"{url}: the answer holds no bearer token", refused=False) from None
    try:
        said = _Refused.model_validate_json(body)
        words = f"{said.error}: {said.error_description}" if said.error_description else said.error
    except ValidationError:
        words = f"status {status}"
    reason = f"{url} refuses a token: {_without(words, secrets)}"
    raise TokenFailed(reason, refused=400 <= status < 500 and status not in _TRY_LATER)


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return one_line(text)
