"""The one page elsewhere that may ask us something: Temporal's own, of our codec (Fetch standard, CORS). Pure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from airut.config.schema import Config

PATHS = frozenset({"/codec/encode", "/codec/decode"})

PREFLIGHT_AGE = "600"
"""Seconds that a browser remembers that it may ask: one preflight for a look through a history."""


def ui_origins(config: Config | None) -> frozenset[str]:
    """Origins of Temporal's pages: the one that `dashboard.temporal_ui` names, else the embedded server's."""
    if config is None:
        return frozenset()
    if (named := config.dashboard.temporal_ui) is not None:
        parts = urlsplit(named)
        return frozenset({f"{parts.scheme}://{parts.netloc.lower()}"})
    if config.temporal.mode == "external":
        return frozenset()
    return frozenset(f"http://{name}:{config.temporal.ui_port}" for name in ("127.0.0.1", "localhost"))


def crosses(path: str, headers: Mapping[str, str], origins: frozenset[str]) -> bool:
    """Whether this is Temporal's page asking our codec. Browsers let no page say that it is another one."""
    return path in PATHS and headers.get("origin", "") in origins


def allowed(origin: str) -> dict[str, str]:
    """What tells the browser that this page may ask with its user's cookie, and read the answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type, X-Namespace, Authorization",
        "Access-Control-Max-Age": PREFLIGHT_AGE,
        "Vary": "Origin",
    }
