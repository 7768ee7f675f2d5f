"""Header fields and parameters by which some servers let a request say that it is really another one."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote_to_bytes

from proxy.acceptance import Fields
from proxy.block import Reason, Refused
from proxy.matching import Asked

# Rails, Symfony, ASP.NET, Google and OData each have one of these.
_METHODS = frozenset([b"x-http-method-override", b"x-http-method", b"x-method-override", b"x-method"])
# Taken for the path by IIS with ARR, Symfony, Zend and their like; for the host by whoever trusts a proxy in front.
_TARGETS = frozenset([b"x-original-url", b"x-rewrite-url", b"x-original-uri", b"x-rewrite-uri"])
_HOSTS = frozenset([b"x-forwarded-host", b"x-host", b"x-original-host", b"x-forwarded-server"])


def also_asked(asked: Asked, fields: Fields) -> tuple[Asked, ...]:
    """The same request under every other method it names; each must be allowed as well.

    Raises:
        Refused: it names another path or host, for which no client in a sandbox has a use.
    """
    named: dict[str, None] = {}
    for name, value in fields:
        lower = name.lower().replace(b"_", b"-")  # CGI and WSGI do not tell the two apart
        if lower in _TARGETS:
            raise Refused(Reason.REQUEST_TARGET_REFUSED, f"names another target in {lower.decode()}")
        if lower in _HOSTS or (lower == b"forwarded" and b"host" in value.lower()):
            raise Refused(Reason.HOST_MISMATCH, f"names another host in {lower.decode()}")
        if lower in _METHODS:
            named[value.decode("latin-1").strip().upper()] = None
    for pair in (asked.target.query or "").replace(";", "&").split("&"):
        parameter, _, given = pair.partition("=")
        if unquote_to_bytes(parameter) == b"_method":
            named[unquote_to_bytes(given).decode("latin-1").strip().upper()] = None
    return tuple(replace(asked, method=method) for method in named if method and method != asked.method)
