"""A mailbox's access token: asked for when it is needed, renewed before it expires, kept in memory only."""

import asyncio
import time
from collections.abc import Callable

from airut.adapters.oauth2.assertion import Certificate
from airut.adapters.oauth2.endpoint import TokenFailed, ask
from airut.models.base import Model
from airut.models.mail.oauth2 import GenericOAuth2, MicrosoftOAuth2

RENEW_BEFORE = 300.0
"""Seconds before it expires: a token must not run out between our look at it and the server's."""

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

__all__ = ["AccessTokens", "TokenFailed"]


class Request(Model):
    """A form for the token endpoint, and which of its values must be shown nowhere."""

    form: dict[str, str]
    secrets: tuple[str, ...]


class AccessTokens:
    """One mailbox's. Several connections may ask at once: only one request goes out."""

    def __init__(self, settings: MicrosoftOAuth2 | GenericOAuth2, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._expires = 0.0
        self._rotated = ""
        """A refresh token that came in place of the configured one (RFC 6749 §6)."""

    async def current(self) -> str:
        """A token that is good for some minutes more.

        Raises:
            TokenFailed: there is none; says why.
        """
        async with self._lock:
            if not self._token or self._clock() >= self._expires - RENEW_BEFORE:
                await self._renew()
            return self._token

    async def after_refusal(self, refused: str) -> str:
        """A token in place of one that a mail server does not take: it may have been revoked.

        Raises:
            TokenFailed: as for `current`.
        """
        async with self._lock:
            if refused == self._token:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        self._token = ""
        now = self._clock()
        settings = self._settings
        if isinstance(settings, MicrosoftOAuth2):
            await self._take(_application(settings, now), now)
        elif not (self._rotated and await self._took_rotated(settings, now)):
            await self._take(_person(settings, settings.refresh_token.reveal()), now)

    async def _took_rotated(self, settings: GenericOAuth2, now: float) -> bool:
        """False: it is refused; the configured one may have been replaced since."""
        try:
            await self._take(_person(settings, self._rotated), now)
        except TokenFailed as error:
            if not error.refused:
                raise
            self._rotated = ""
            return False
        return True

    async def _take(self, request: Request, now: float) -> None:
        settings = self._settings
        granted = await ask(settings.token_endpoint, request.form, request.secrets, settings.ca_file)
        self._token, self._expires = granted.access_token, now + granted.expires_in
        if isinstance(settings, GenericOAuth2):
            self._rotated = granted.refresh_token or self._rotated


def _application(settings: MicrosoftOAuth2, now: float) -> Request:
    """RFC 6749 §4.4, with a secret (§2.3.1) or a signed assertion (RFC 7523 §2.2)."""
    form = {"grant_type": "client_credentials", "client_id": settings.client_id, "scope": settings.scope}
    if settings.certificate_file is not None:
        try:
            certificate = Certificate.read(settings.certificate_file)
        except ValueError as error:
            raise TokenFailed(str(error), refused=True) from None
        assertion = certificate.assertion(settings.client_id, settings.token_endpoint, now)
        form |= {"client_assertion_type": _ASSERTION, "client_assertion": assertion}
        return Request(form=form, secrets=(assertion,))
    if settings.client_secret is None:
        raise TokenFailed("oauth2.client_secret is missing", refused=True)
    secret = settings.client_secret.reveal()
    return Request(form=form | {"client_secret": secret}, secrets=(secret,))


def _person(settings: GenericOAuth2, refresh_token: str) -> Request:
    """RFC 6749 §6."""
    secret = settings.client_secret.reveal()
    form = {
        "grant_type": "refresh_token",
        "client_id": settings.client_id,
        "client_secret": secret,
        "refresh_token": refresh_token,
        "scope": settings.scope,
    }
    return Request(form=form, secrets=(secret, refresh_token))
