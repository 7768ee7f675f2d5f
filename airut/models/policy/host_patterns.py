"""Patterns of host names (network.md §4.2)."""

import ipaddress
import re

_LABEL = re.compile(r"[a-z0-9_*?](?:[a-z0-9_*?-]{0,61}[a-z0-9_*?])?\Z")


def host_pattern(text: str) -> str:
    """A host pattern in the form the proxy matches: lower case, no trailing dot, A-labels (network.md §4.2).

    Raises:
        ValueError: not a host name, IP literal or pattern of one.
    """
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    labels = text.lower().removesuffix(".").split(".")
    try:
        ascii_labels = [label if label.isascii() else label.encode("idna").decode("ascii") for label in labels]
    except UnicodeError as error:
        raise ValueError("is not a host name") from error
    host = ".".join(ascii_labels)
    if len(host) > 253 or not all(_LABEL.match(label) for label in ascii_labels):
        raise ValueError("is not a host name or pattern")
    return host


def is_address(host: str) -> bool:
    """Whether a pattern is an IP literal."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
