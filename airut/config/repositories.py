"""What `airut.yaml` means for one repository, in the shapes that activities use."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypedDict

from airut.adapters.git.remote import host_of
from airut.config.agent_settings import AgentConfig
from airut.config.digest import digest
from airut.config.held_secret import HeldSecret
from airut.config.limits import HostSize, limits_on
from airut.config.repo_schema import BASE_URL, RepoConfig
from airut.config.schema import Config
from airut.config.secret_fields import secrets_in
from airut.errors import ConfigError, RepositoryGone, SecretError
from airut.models.credentials.aws import SandboxAwsCredential
from airut.models.credentials.client_files import client_files
from airut.models.credentials.clients import ClientToken
from airut.models.credentials.github_app import GithubAppCredential, SandboxGithubApp
from airut.models.credentials.kinds import (
    AnySandboxCredential,
    Credential,
    SandboxCredential,
    any_for_sandbox,
    claude_for_sandbox,
)
from airut.models.credentials.secret import Secret
from airut.models.hosts.repository import AgentSettings, PullRequestSettings, RepositorySecrets
from airut.models.hosts.sandbox import Limits
from airut.models.policy.model_endpoint import ANTHROPIC
from airut.models.tasks.settings import ThreadSettings
from airut.ports.tokens import AppTokens


class ConfiguredRepositories:
    """Implements `airut.ports.repositories.Repositories`."""

    def __init__(
        self,
        config: Config,
        surrogate_key: bytes,
        binary: Callable[[RepoConfig], Path],
        tokens: AppTokens | None = None,
    ) -> None:
        """Without `tokens` a GitHub App's credential has no value."""
        self._config = config
        self._tokens = tokens
        self._key = surrogate_key
        self._binary = binary

    @cached_property
    def _digest(self) -> str:
        return digest(self._config)

    def limits(self, repo: str) -> Limits:
        self._of(repo)
        return limits_on(HostSize.here(), self._config.limits_of(repo))

    def thread(self, repo: str) -> ThreadSettings:
        agent, execution, mail = self._of(repo).agent, self._config.execution, self._of(repo).channels.email
        sandbox = self._config.sandbox
        return ThreadSettings(
            config_digest=self._digest,
            max_idle_s=execution.thread_idle_max,
            max_paused_s=execution.thread_paused_max,
            question_timeout_s=execution.question_timeout,
            pause_grace_s=execution.pause_grace,
            freeze_s=sandbox.freeze_max if sandbox.freeze else 0.0,
            host_lost_after_s=execution.host_lost_after,
            agent_on_limit=agent.auth.on_limit,
            agent_accounts=len(agent.auth.all()),
            plan_approval=agent.plan_approval,
            mails=mail.replies.notes if mail else None,
            dashboard=self._config.dashboard.address if self._config.dashboard.enabled else None,
        )

    def agent(self, repo: str) -> AgentSettings:
        found, network = self._of(repo), self._config.network
        return AgentSettings(
            binary=self._binary(found),
            model=found.agent.model,
            effort=found.agent.effort,
            max_turns=found.agent.max_turns,
            system_prompt=found.agent.system_prompt,
            settings=found.agent.settings,
            mcp_servers=found.agent.mcp_servers,
            slug=found.slug,
            fenced=found.network.enabled,
            granted_presets=network.granted_presets,
            model_endpoint=found.agent.base_url,
            model_hosts=(found.agent.base_url.host, *network.model_hosts),
            upstream_dns=network.upstream_dns,
            private_ranges=network.private_ranges,
            extra_ca_files=network.extra_ca_files,
        )

    def pull_request(self, repo: str) -> PullRequestSettings:
        forge = self._begun(repo).forge
        return PullRequestSettings(
            enabled=forge_kind(self._begun(repo)) != "none",
            draft=forge.pull_request.draft,
            labels=forge.pull_request.labels,
            reviewers=forge.pull_request.reviewers,
            assignees=forge.pull_request.assignees,
            branch=forge.pull_request.branch,
            template=forge.pull_request.template,
            show_author=forge.pull_request.show_author,
            follow_ci=forge.pull_request.follow_ci,
            on_failure=forge.pull_request.on_failure,
            max_file=forge.max_file,
            container=self._begun(repo).container.path,
        )

    def secrets(self, repo: str, thread: str, *, account: int = 0, fresh: bool = False) -> RepositorySecrets:
        found = self._begun(repo)
        if fresh:
            _renew(found)
        scope = _Scope(key=self._key, thread=thread, repo=repo)
        credentials: list[AnySandboxCredential] = [_model_credential(found.agent, account, scope)]
        for name, configured in found.credentials.items():
            credential = any_for_sandbox(name, configured, present, slug=found.slug, **scope)
            if isinstance(credential, SandboxGithubApp):
                credentials.append(self._with_token(credential, patient=fresh))
            elif not (configured.optional and credential.lacks_value()):
                credentials.append(credential)
        clients = client_files(_client_tokens(found, credentials))
        environment = {**clients.environment, **found.env}
        for credential in credentials:
            environment |= credential.environment()
        if found.agent.base_url != ANTHROPIC:
            environment[BASE_URL] = found.agent.base_url.url
        return RepositorySecrets(environment=environment, files=clients.files, credentials=tuple(credentials))

    def _with_token(self, credential: SandboxGithubApp, *, patient: bool) -> SandboxGithubApp:
        token = None if self._tokens is None else self._tokens.token(credential.app, patient=patient)
        return credential.model_copy(update={"token": token})

    def values(self, repo: str) -> tuple[bytes, ...]:
        """Every real value of a repository, for the check that none of them leaves in a commit."""
        found = self._begun(repo)
        secrets = [secret for credential in found.credentials.values() for secret in credential.secrets()]
        accounts = found.agent.auth.all()
        secrets += [value for each in accounts for value in (each.api_key, each.oauth_token) if value]
        secrets += [found.forge.auth.token] if found.forge.auth.token else []
        return tuple(value.reveal().encode() for value in map(present, secrets) if value is not None)

    def _begun(self, repo: str) -> RepoConfig:
        """For what has begun: of a repository that was taken out of the file meanwhile as well."""
        return self._config.departed.get(repo) or self._of(repo)

    def _of(self, repo: str) -> RepoConfig:
        if repo not in self._config.repos:
            raise RepositoryGone(f"the repository {repo} is not configured on this host any more; add it to airut.yaml")
        return self._config.repos[repo]


def present(secret: Secret) -> Secret | None:
    """Its value as it is now; None where its source fails, which the log says when it begins."""
    try:
        return secret.fixed()
    except SecretError:
        return None


def _client_tokens(repo: RepoConfig, credentials: Sequence[AnySandboxCredential]) -> Iterator[ClientToken]:
    for made in credentials:
        configured = repo.credentials.get(made.name)
        if isinstance(configured, Credential | GithubAppCredential) and not isinstance(made, SandboxAwsCredential):
            yield ClientToken(name=made.name, surrogate=made.surrogate, hosts=made.hosts, clients=configured.clients)


def _renew(repo: RepoConfig) -> None:
    """Read again what shows no change by itself."""
    for _, secret in secrets_in(repo):
        if isinstance(secret.origin, HeldSecret):
            secret.origin.renew()


class _Scope(TypedDict):
    """What a surrogate follows from, besides the credential's name and shape."""

    key: bytes
    thread: str
    repo: str


def _model_credential(agent: AgentConfig, number: int, scope: _Scope) -> SandboxCredential:
    """The model's key: swapped in one header at one host, and no other key passes there."""
    accounts = agent.auth.all()
    account, at = accounts[number % len(accounts)], agent.base_url  # accounts may have been taken out meanwhile
    if account.api_key is not None:
        return claude_for_sandbox("api_key", account.api_key, present, endpoint=at, **scope)
    if account.oauth_token is not None:
        return claude_for_sandbox("oauth_token", account.oauth_token, present, endpoint=at, **scope)
    raise ConfigError("agent.auth: give either api_key or oauth_token")


KINDS = {"github.com": "github", "gitlab.com": "gitlab", "gitea.com": "gitea", "codeberg.org": "forgejo"}
"""Public forges by their host."""


def forge_kind(repo: RepoConfig) -> str:
    """The forge of a repository; `auto` goes by its URL.

    Raises:
        ConfigError: the URL does not tell.
    """
    if repo.forge.kind != "auto":
        return repo.forge.kind
    host = host_of(repo.url)
    if host in KINDS:
        return KINDS[host]
    raise ConfigError(
        f"forge.kind: {host} does not tell the kind; write github, gitlab, gitea or forgejo, "
        "or none to have branches pushed and nothing opened"
    )
