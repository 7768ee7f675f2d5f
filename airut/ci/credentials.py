"""What a command gets of the credentials of its settings file: stand-ins, and for the proxy the real values."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.errors import ConfigError
from airut.models.base import Model
from airut.models.credentials.aws import AwsCredential, SandboxAwsCredential
from airut.models.credentials.client_files import client_files
from airut.models.credentials.clients import ClientToken
from airut.models.credentials.github_app import GithubAppCredential, SandboxGithubApp
from airut.models.credentials.kinds import AnySandboxCredential, Credential, any_for_sandbox
from airut.ports.tokens import AppTokens

LOOK = 60.0  # seconds between two looks at a token that is good for an hour, and is renewed five minutes before

type Configured = Mapping[str, Credential | AwsCredential | GithubAppCredential]


class Given(Model):
    """What one run gets of its credentials."""

    environment: dict[str, str] = {}
    files: dict[str, str] = {}
    credentials: tuple[AnySandboxCredential, ...] = ()


def given(configured: Configured, tokens: AppTokens | None, *, key: bytes, sandbox_id: str, slug: str) -> Given:
    """Of a GitHub App a token is asked for, which takes a second. Raises: ConfigError, SecretError"""
    made: list[AnySandboxCredential] = []
    for name, one in configured.items():
        credential = any_for_sandbox(name, one, slug=slug, key=key, thread=sandbox_id, repo=slug)
        if isinstance(credential, SandboxGithubApp):
            credential = _with_token(credential, tokens)
        made.append(credential)
    clients = client_files(_client_tokens(configured, made))
    environment = dict(clients.environment)
    for credential in made:
        environment |= credential.environment()
    return Given(environment=environment, files=clients.files, credentials=tuple(made))


def app_tokens(configured: Configured) -> AppTokens | None:
    """What asks for the tokens of Apps; None where there is no App."""
    if not any(isinstance(one, GithubAppCredential) for one in configured.values()):
        return None
    from airut.adapters.github import InstallationTokens  # half a second, which only an App is worth

    return InstallationTokens()


async def renewed(
    sandboxes: PodmanSandboxes, sandbox_id: str, credentials: Sequence[AnySandboxCredential], tokens: AppTokens | None
) -> None:
    """Give the proxy the next token of each App before the one that it has ends; until it is cancelled."""
    held = tuple(credentials)
    while tokens is not None:
        await asyncio.sleep(LOOK)
        now = tuple(
            [
                await asyncio.to_thread(_renewed, one, tokens) if isinstance(one, SandboxGithubApp) else one
                for one in held
            ]
        )
        if now != held:
            await sandboxes.renew(sandbox_id, now)
            held = now


def _renewed(credential: SandboxGithubApp, tokens: AppTokens) -> SandboxGithubApp:
    return credential.model_copy(update={"token": tokens.token(credential.app) or credential.token})


def _with_token(credential: SandboxGithubApp, tokens: AppTokens | None) -> SandboxGithubApp:
    token = tokens.token(credential.app, patient=True) if tokens else None
    if token is None:
        raise ConfigError(
            f"credentials.{credential.name}: GitHub gives no token for App {credential.app.app_id} now; its number,"
            " installation_id and private_key, or GitHub's state, tell why"
        )
    return credential.model_copy(update={"token": token})


def _client_tokens(configured: Configured, made: Sequence[AnySandboxCredential]) -> Iterator[ClientToken]:
    for one in made:
        found = configured[one.name]
        if isinstance(found, Credential | GithubAppCredential) and not isinstance(one, SandboxAwsCredential):
            yield ClientToken(name=one.name, surrogate=one.surrogate, hosts=one.hosts, clients=found.clients)
