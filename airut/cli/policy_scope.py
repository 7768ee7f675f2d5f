"""What the server's configuration adds to an allowlist, and both as the proxy reads them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from airut.config.repositories import ConfiguredRepositories
from airut.config.schema import Config, NetworkSettings
from airut.models.base import Model
from airut.models.credentials.github_app import GithubApp, GithubRepository, InstallationToken
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.credentials.secret import Secret
from airut.models.hosts.sandbox import ALLOWLIST_FILE
from airut.models.policy.allowlist import Allowlist
from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint
from airut.models.policy.policy import rule_set
from airut.models.policy.rules import RuleSet, Sandbox
from proxy.rules import Rules

ANYWHERE = ("0.0.0.0/0", "::/0")


class Scope(Model):
    """What is granted to one repository. Credentials hold real values, of which nothing is shown."""

    repository: str
    fenced: bool = True
    granted_presets: tuple[str, ...]
    model_endpoint: ModelEndpoint = ANTHROPIC
    model_hosts: tuple[str, ...] = ()
    credentials: tuple[AnySandboxCredential, ...] = ()
    private_ranges: tuple[str, ...] | None = None
    """None where the operator's are not known."""


UNKNOWN = Scope(repository="OWNER/NAME", granted_presets=NetworkSettings().granted_presets)
"""Of a checkout whose server is not known: as it is by default."""


class _Unasked:
    """Implements `airut.ports.tokens.AppTokens` without GitHub: a token for the repositories that are configured. Their
    numbers, by which ids in GraphQL are judged, only GitHub knows; so every id is another repository's here."""

    def token(self, app: GithubApp, *, patient: bool = False) -> InstallationToken:  # noqa: ARG002  # as the port has it
        numbers = range(sys.maxsize - len(app.repositories), sys.maxsize)
        named = (GithubRepository(id=n, name=name) for n, name in zip(numbers, app.repositories, strict=True))
        return InstallationToken(value=Secret("ghs_" + "0" * 36), expires_at=float("inf"), repositories=tuple(named))


def scope_of(config: Config, repo: str) -> Scope:
    """Raises: ConfigError: there is no such repository, or a secret of it cannot be had."""
    # A key that no server has: for shape only.
    configured = ConfiguredRepositories(config, bytes(32), lambda _: Path(), _Unasked())
    agent, secrets = configured.agent(repo), configured.secrets(repo, "policy")
    return Scope(
        repository=agent.slug,
        fenced=agent.fenced,
        granted_presets=agent.granted_presets,
        model_endpoint=agent.model_endpoint,
        model_hosts=agent.model_hosts,
        credentials=secrets.credentials,
        private_ranges=agent.private_ranges,
    )


def rules_of(allowlist: Allowlist | None, scope: Scope) -> Rules:
    """Raises: PolicyErrors: an entry opens addresses that the operator does not."""
    from proxy import (
        rules_document,
    )  # not at the top: it takes a tenth of a second, and other commands have no use for it

    return rules_document.parse(rule_set_of(allowlist, scope).to_wire())


def rule_set_of(allowlist: Allowlist | None, scope: Scope) -> RuleSet:
    """Raises: PolicyErrors: an entry opens addresses that the operator does not."""
    return rule_set(
        allowlist,
        granted_presets=scope.granted_presets,
        model_endpoint=scope.model_endpoint,
        model_hosts=scope.model_hosts,
        repository=scope.repository,
        credentials=scope.credentials,
        sandbox=Sandbox(id="", thread="", task="", attempt=0),
        listen="192.0.2.1",
        private_ranges=ANYWHERE if scope.private_ranges is None else scope.private_ranges,
    )


def find_allowlist() -> Path | None:
    """The file of the checkout that the command is run in."""
    for folder in _up(Path.cwd()):
        if (folder / ALLOWLIST_FILE).is_file():
            return Path(os.path.relpath(folder / ALLOWLIST_FILE))
        if (folder / ".git").exists():
            return None
    return None


def _up(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents
