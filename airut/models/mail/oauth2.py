"""How a mailbox logs in by OAuth 2.0 instead of a password (spec: email §11)."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.values.loopback import is_loopback

PROVIDERS = ("microsoft", "generic")


def _protected(url: str) -> str:
    """Secrets are sent there."""
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        return url
    raise ValueError("must be an https address")


HttpsUrl = Annotated[str, AfterValidator(_protected)]
# What may stand in an address's path without changing its meaning: a GUID or a domain name.
TenantId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$")]


class MicrosoftOAuth2(Model):
    """Client credentials (RFC 6749 §4.4) of an application registered with Microsoft Entra."""

    provider: Literal["microsoft"]
    """Microsoft Entra, with an application's own credentials."""
    tenant_id: TenantId
    """The directory's id, or one of its domains."""
    client_id: Annotated[str, Field(min_length=1)]
    """The application's id."""
    client_secret: Secret | None = None
    """The application's secret."""
    certificate_file: Path | None = None
    """PEM with the certificate and its RSA key, instead of `client_secret`."""
    authority: HttpsUrl = "https://login.microsoftonline.com"
    """Another one in national clouds."""
    scope: Annotated[str, Field(min_length=1)] = "https://outlook.office365.com/.default"
    """What the token is asked for."""
    ca_file: Path | None = None
    """PEM bundle used instead of the system store."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.client_secret is None and self.certificate_file is None:
            raise ValueError("client_secret is required, or certificate_file in its place")
        if self.client_secret is not None and self.certificate_file is not None:
            raise ValueError("give either client_secret or certificate_file")
        return self

    @property
    def token_endpoint(self) -> str:
        return f"{self.authority.rstrip('/')}/{self.tenant_id}/oauth2/v2.0/token"


class GenericOAuth2(Model):
    """A refresh token that a person has got for this mailbox (RFC 6749 §6)."""

    provider: Literal["generic"]
    """Any other, with a refresh token."""
    token_url: HttpsUrl
    """Where tokens are asked for."""
    client_id: Annotated[str, Field(min_length=1)]
    """As the provider has registered it."""
    client_secret: Secret
    """As the provider has given it."""
    refresh_token: Secret
    """Got once by a person, for this mailbox."""
    scope: Annotated[str, Field(min_length=1)]
    """What the token is asked for."""
    ca_file: Path | None = None
    """PEM bundle used instead of the system store."""

    @property
    def token_endpoint(self) -> str:
        return self.token_url


MailOAuth2 = Annotated[MicrosoftOAuth2 | GenericOAuth2, Field(discriminator="provider")]
