"""Whether a request may be meant for us: by its host, and by the page that it comes from. Pure."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from airut.config.dashboard_settings import DashboardSettings
from airut.models.base import Model
from airut.models.login import Role

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


class Caller(Model):
    """Where a request came from, as far as it can be believed."""

    address: str
    https: bool = False
    user: str | None = None
    """Whom a trusted proxy says that it has let in."""
    role: Role = Role.VIEWER
    """The role that it says; one that says none only lets people look."""


def host_name(header: str) -> str | None:
    """The name of a `Host` header, in lower case and without its port; None where it is none (RFC 9110 §7.2)."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    if parts.netloc != header or parts.username is not None or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


def known_hosts(settings: DashboardSettings) -> frozenset[str]:
    """Names under which we answer. A page elsewhere that has its own name point to us does not reach us by it."""
    names = {*LOOPBACK_NAMES, *(name.lower() for name in settings.allowed_hosts)}
    if settings.host not in _EVERY_ADDRESS:
        names.add(settings.host.lower())
    if settings.base_url is not None:
        names.add(urlsplit(settings.base_url).hostname or "")
    return frozenset(names)


def is_same_origin(method: str, headers: Mapping[str, str], https: bool) -> bool:
    """Whether a request that changes something was made by a page of ours, or by no page at all.

    Every browser sends one of the two headers with such a request; a program sends neither.
    """
    if method in SAFE_METHODS:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or origin == f"{'https' if https else 'http'}://{headers.get('host', '')}"


def caller(peer: str, headers: Mapping[str, str], settings: DashboardSettings, scheme: str) -> Caller:
    """Only a proxy whose network is trusted is believed what it says of others."""
    secure = scheme == "https" or (settings.base_url or "").startswith("https:")
    if not _is_trusted(peer, settings):
        return Caller(address=peer, https=secure)
    forwarded = headers.get("x-forwarded-for", "").split(",")[-1].strip()  # what the proxy itself has added
    role = headers.get("x-airut-role", "").strip().lower()
    return Caller(
        address=forwarded or peer,
        https=secure or headers.get("x-forwarded-proto", "").strip().lower() == "https",
        user=headers.get("x-forwarded-user", "").strip() or None,
        role=Role(role) if role in set(Role) else Role.VIEWER,
    )


def _is_trusted(peer: str, settings: DashboardSettings) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in ip_network(network) for network in settings.trusted_proxies)
