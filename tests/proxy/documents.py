"""`rules.json` and its parts, as the product writes them: what a test says, and the usual besides."""

import secrets
from typing import Any

PROXY = "127.77.0.2"
LOOPBACK = "127.0.0.0/8"


def entry(host: str, **given: Any) -> dict[str, Any]:
    """One entry of `rules.json`; addresses of loopback are open."""
    defaults = {
        "rule": ".airut/network-allowlist.yaml:1",
        "host": host,
        "path": None,
        "methods": [],
        "query": None,
        "schemes": ["https"],
        "ports": [],
        "addresses": [LOOPBACK],
        "foreign_credentials": None,
        "origin": "url_prefixes",
        "graphql": None,
        "comment": None,
    }
    return defaults | given


def credential(name: str, **given: Any) -> dict[str, Any]:
    """One credential of `rules.json`."""
    defaults = {
        "name": name,
        "kind": "token",
        "surrogate": f"surrogate-of-{name}",
        "value": f"real-value-of-{name}",
        "hosts": ["*"],
        "ports": [443],
        "headers": ["Authorization"],
        "query": [],
        "pointers": [],
        "methods": [],
        "foreign": "strip",
        "mints": [],
    }
    return defaults | given


def aws(name: str = "AWS", **given: Any) -> dict[str, Any]:
    """One AWS credential of `rules.json`."""

    def part(surrogate: str, value: str) -> dict[str, str]:
        return {"surrogate": surrogate, "value": value}

    defaults = {
        "name": name,
        "access_key_id": part("AKIASURROGATESURROGA", "AKIAREALREALREALREAL"),
        "secret_access_key": part(
            "surrogate/secret+surrogate/secret+surrog", "real/secret+real/secret+real/secret+real"
        ),
        "session_token": None,
        "hosts": ["*.amazonaws.com"],
        "ports": [443],
        "regions": [],
        "services": [],
        "allow_anonymous": False,
        "allow_sts": False,
    }
    return defaults | given


def rules(*entries: dict[str, Any], **given: Any) -> dict[str, Any]:
    """A whole `rules.json`."""
    defaults = {
        "version": 1,
        "digest": secrets.token_hex(32),
        "sandbox": {"id": "sb-1", "thread": "thread-1", "task": "thread-1/task-1", "attempt": 1},
        "listen": PROXY,
        "listen6": None,
        "entries": list(entries),
        "credentials": [],
        "aws": [],
        "repository_scopes": [],
        "model_hosts": [],
        "upstream_dns": [],
        "private_ranges": [LOOPBACK],
        "extra_ca_file": None,
        "limits": {},
    }
    return defaults | given
