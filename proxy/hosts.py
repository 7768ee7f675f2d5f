"""One spelling for each host, so that two ways to write it can never lead to two decisions (network.md §3, §4.2)."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

MAX_NAME = 253  # RFC 1035 §2.3.4, without the length bytes
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_NUMERIC_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")


class HostError(ValueError):
    """The text is not a host in any spelling we accept."""


@lru_cache(maxsize=1_024)  # Asked for each entry of a policy, and a sandbox talks to a few hosts.
def ip_literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, when a canonical host is an IP literal."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def canonical(text: str) -> str:
    """Lower case, one trailing dot off, IDNA to ASCII; IP literals in their shortest form, without brackets.

    Raises:
        HostError: not a host name or address, or a number in disguise (`0x7f.1`), which some resolvers read as one.
    """
    if text.startswith("[") and text.endswith("]"):
        literal = ip_literal(text[1:-1])
        if not isinstance(literal, ipaddress.IPv6Address) or literal.scope_id is not None:
            raise HostError("not an IPv6 address")
        return str(literal)
    host = text.removesuffix(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise HostError("not an internationalised name") from error
    host = host.lower()
    if (literal := ip_literal(host)) is not None:
        if isinstance(literal, ipaddress.IPv6Address):
            raise HostError("an IPv6 address needs brackets")
        return str(literal)
    labels = host.split(".")
    if len(host) > MAX_NAME or not all(_LABEL.match(label) for label in labels):
        raise HostError("not a host name")
    if _NUMERIC_LABEL.match(labels[-1]):
        raise HostError("a name that ends in a number could be read as an address")
    return host


def split_authority(text: str, default_port: int) -> tuple[str, int]:
    """`host[:port]` (RFC 9110 §7.2) as a canonical host and a port.

    Raises:
        HostError: userinfo, an empty or malformed port, or no host.
    """
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        host += bracket
    else:
        host, colon, rest = text.partition(":")
        rest = colon + rest
    if not rest:
        return canonical(host), default_port
    if not rest.startswith(":") or not _PORT.match(rest[1:]):
        raise HostError("malformed port")
    port = int(rest[1:])
    if not 0 < port < 65_536:
        raise HostError("port out of range")
    return canonical(host), port


def to_authority(host: str, port: int, default_port: int) -> str:
    """A canonical host and port as `Host` and `:authority` carry them."""
    name = f"[{host}]" if ":" in host else host
    return name if port == default_port else f"{name}:{port}"
