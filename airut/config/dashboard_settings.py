"""`dashboard` of `airut.yaml`: where the dashboard listens, and whom it lets in."""

import os
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from airut.config.reload_class import ReloadClass
from airut.models.base import Model
from airut.models.policy.rules import Network
from airut.models.values.loopback import is_loopback

OPEN_ANYWAY = "AIRUT_INSECURE_DASHBOARD"
"""The environment variable that allows `auth: none` where others can reach the dashboard."""


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is not the address of a web site; write https://airut.example.org")
    if parts.username or parts.password:
        raise ValueError("an address holds no user or password")
    return url.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_address)]


class DashboardSettings(Model):
    """The web pages of this installation, for people and for programs."""

    enabled: bool = True
    """Whether `airut up` starts the dashboard."""
    host: str = "127.0.0.1"
    """The address that it listens on. Other machines reach it only when this is not a loopback address."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5200
    base_url: Annotated[WebAddress | None, ReloadClass.LIVE] = None
    """Where people reach it, for links in messages; null is the address that it listens on."""
    auth: Annotated[Literal["auto", "token", "none"], ReloadClass.LIVE] = "auto"
    """`token` wants a login; `auto` does so unless it listens on, and answers to, nothing but loopback addresses."""
    allowed_hosts: Annotated[tuple[str, ...], ReloadClass.LIVE] = ()
    """Host names besides its own under which it answers, for instance behind a proxy."""
    trusted_proxies: Annotated[tuple[Network, ...], ReloadClass.LIVE] = ()
    """Networks of proxies whose `X-Forwarded-User`, `X-Airut-Role`, `X-Forwarded-For` and `X-Forwarded-Proto` are
    believed."""
    temporal_ui: Annotated[WebAddress | None, ReloadClass.LIVE] = None
    """Address of Temporal's own pages; null is the embedded one's."""

    @model_validator(mode="after")
    def _closed_to_others(self) -> Self:
        if self.auth == "none" and not is_loopback(self.host) and os.environ.get(OPEN_ANYWAY) != "1":
            raise ValueError(
                f"auth: none lets everybody in who reaches {self.host}; write auth: token, or host: 127.0.0.1 "
                f"({OPEN_ANYWAY}=1 in the environment allows it all the same)"
            )
        return self

    @property
    def wants_login(self) -> bool:
        """Also where a name that is not this machine's leads to a loopback address: a proxy stands in front then."""
        names = (self.host, *self.allowed_hosts, *([urlsplit(self.base_url).hostname or ""] if self.base_url else []))
        return self.auth == "token" or (self.auth == "auto" and not all(map(is_loopback, names)))

    @property
    def address(self) -> str:
        """What a person types, or clicks on."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{host}:{self.port}"
