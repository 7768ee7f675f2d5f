"""Where the model's API is: Anthropic's, or a gateway that speaks the same (credentials §7.2)."""

import re
from typing import Self
from urllib.parse import urlsplit

from airut.models.base import Model
from airut.models.policy.host_patterns import host_pattern, is_address

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*\Z")


class ModelEndpoint(Model):
    """The parts of its URL; always https, since the credential goes there."""

    host: str
    port: int = 443
    path: str = ""
    """Before `/v1/messages`."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises: ValueError: not an https URL of a host, with at most a port and a plain path."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("must be an https URL, such as https://gateway.example.com")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("must not hold a user, a query or a fragment; the key stands under auth")
        host = host_pattern(parts.hostname)
        if "*" in host or "?" in host or is_address(host):  # TLS carries no address for the proxy to go by
            raise ValueError("must name a host")
        path = parts.path.rstrip("/")
        if not _PATH.match(path) or any(segment in (".", "..") for segment in path.split("/")):
            raise ValueError("its path may hold letters, digits and . _ ~ - only")
        if parts.port is not None and not 0 < parts.port < 65_536:
            raise ValueError("its port must be 1 to 65535")
        return cls(host=host, port=parts.port or 443, path=path)

    @property
    def written(self) -> str:
        """As `parse` reads it."""
        return self.url

    @property
    def url(self) -> str:
        port = "" if self.port == 443 else f":{self.port}"
        return f"https://{self.host}{port}{self.path}"


ANTHROPIC = ModelEndpoint(host="api.anthropic.com")
