"""URLs that are judged without being requested here: those a service fetches, and those a person asks about."""

from __future__ import annotations

import re

from proxy import hosts
from proxy.matching import Asked
from proxy.normalise import read_target
from proxy.rules import DEFAULT_PORTS

_URL = re.compile(r"(https?)://([^/?#\\]*)((?:[/?].*)?)\Z", re.IGNORECASE | re.DOTALL)


def asked(method: str, url: str) -> Asked:
    """What a client would ask for with this URL (RFC 3986 §3).

    Raises:
        ValueError: not an http or https URL with one host and one reading of its path.
    """
    found = _URL.match(url)
    if found is None:
        raise ValueError("not an http or https URL")
    scheme = found[1].lower()
    host, port = hosts.split_authority(found[2], DEFAULT_PORTS[scheme])
    target = found[3] if found[3].startswith("/") else f"/{found[3]}"
    return Asked(scheme, host, port, method, read_target(target.encode("utf-8", "surrogatepass"), method))
