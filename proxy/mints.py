"""Requests whose answer is another credential: known by their path, or refused (credentials.md §4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxy import glob, matching, model_api
from proxy.block import Reason, Refused
from proxy.matching import Asked
from proxy.rules import Credential

# Where container registries exchange a password for a token (Distribution's token specification, and what the large
# ones made of it): Docker Hub and GHCR, GitLab, Google, Quay, Azure, Harbor, NVIDIA, Artifactory.
_REGISTRY_PATHS = (
    "/token",
    "/jwt/auth",
    "/v2/token",
    "/v2/auth",
    "*/v2/token",
    "/oauth2/token",
    "/oauth2/exchange",
    "/service/token",
    "/proxy_auth",
    "/auth",
    "/auth/token",
    "/oauth/token",
    "/api/v1/token",
)
_REGISTRY_FIELDS = ("/token", "/access_token", "/refresh_token", "/identity_token", "/id_token")
_REGISTRY_TTL = 60  # seconds that a token is good for when its registry does not say (Distribution's specification)
# The model provider's other hosts, where a login is exchanged for tokens.
_LOGIN_HOSTS = ("console.anthropic.com", "platform.claude.com", "claude.ai", "*.claude.ai")
_LOGIN_PATHS = ("*/oauth/token", "*/oauth2/token")


@dataclass(frozen=True)
class Mint:
    """An answer that hands out credentials: where they stand in it, and what they are good for."""

    parent: Credential
    fields: tuple[str, ...]
    hosts: tuple[str, ...]
    ttl: int


def expected(scope: Sequence[Credential], asked: Asked, used: Sequence[str]) -> Mint | None:
    """What the answer to a request hands out, if it does.

    A registry gives tokens for nothing, too. They are taken for ours as well: the registry's other hosts would refuse
    them as foreign. What a body asks for without our credential is the agent's own affair, and stays foreign.
    """
    ours = [credential for credential in scope if credential.name in used]
    for credential in ours:
        rules = [rule for rule in credential.mints if _is_at(asked, (rule.path,))]
        if rules:
            fields = tuple(dict.fromkeys(field for rule in rules for field in rule.fields))
            hosts = tuple(dict.fromkeys(host for rule in rules for host in rule.hosts or credential.hosts))
            return Mint(credential, fields, hosts, min(rule.ttl for rule in rules))
    askers = ours or (scope if asked.method == "GET" else ())
    parent = next((credential for credential in askers if credential.kind != "claude"), None)
    if parent is None or not _is_registry(asked):
        return None
    return Mint(parent, _REGISTRY_FIELDS, parent.hosts, _REGISTRY_TTL)


def _is_registry(asked: Asked) -> bool:
    names = {pair.partition("=")[0] for pair in (asked.target.query or "").split("&")}
    return names >= {"service", "scope"} or _is_at(asked, _REGISTRY_PATHS)


def check_login(credentials: Iterable[Credential], asked: Asked, model_hosts: Iterable[str] = ()) -> None:
    """Lets nobody log in at the model's provider: tokens are refreshed on the host.

    Raises:
        Refused: `mint_blocked`.
    """
    claude = [pattern for c in credentials if c.kind == "claude" for pattern in c.hosts]
    hosts = (*model_api.MODEL_HOSTS, *model_hosts, *_LOGIN_HOSTS, *claude)
    if not any(matching.host_matches(pattern, asked.host) for pattern in hosts):
        return
    changes = asked.method not in ("GET", "HEAD", "OPTIONS")
    if _is_at(asked, _LOGIN_PATHS) or (changes and _is_at(asked, ("*/oauth/*", "*/oauth2/*"))):
        raise Refused(Reason.MINT_BLOCKED, "login at the model's provider")


def _is_at(asked: Asked, patterns: Iterable[str]) -> bool:
    """Whether some server would take the path for one of these: here one reading is enough."""
    readings = set(matching.lenient(asked.target.readings))  # most are the same
    return any(glob.matches(pattern.casefold(), reading) for pattern in patterns for reading in readings)
