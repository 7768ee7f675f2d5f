"""GitHub Apps: as configured, and as one sandbox gets their tokens (spec: credentials §7.1)."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from airut.models.base import Model
from airut.models.credentials import surrogates
from airut.models.credentials.clients import Clients
from airut.models.credentials.secret import Secret, SecretLines

API = "https://api.github.com"
GITHUB_HOSTS = (
    "api.github.com", "github.com", "uploads.github.com", "codeload.github.com", "raw.githubusercontent.com",
)  # fmt: skip
"""Where github.com takes an installation's token: the API, git, and what the API refers to."""
RENEWAL = 300.0
"""Seconds before its end at which a token is exchanged for the next: an hour's token may be asked for again in time
even when GitHub is away for minutes, and what is under way with the old one still ends well."""
_SHAPE = "ghs_" + "aZ" * 18
"""What surrogates are made in the shape of: the token itself changes each hour, and they must not."""

Access = Literal["read", "write", "admin"]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")]


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be the https address of the API, such as https://github.example.com/api/v3")
    return url.rstrip("/")


class GithubAppCredential(Model):
    """A `github_app` credential of airut.yaml: the key stays with the worker, the proxy gets the token."""

    kind: Literal["github_app"]
    """A GitHub App, whose tokens are made for each sandbox."""
    app_id: Annotated[int, Field(gt=0)]
    """The App's id."""
    installation_id: Annotated[int, Field(gt=0)]
    """Of its installation at your account."""
    private_key: SecretLines
    """Its key, as PEM."""
    optional: bool = False
    """Whether the key's source may have no value; then the sandbox has neither variable nor rule."""
    base_url: Annotated[str, AfterValidator(_base_url)] = API
    """The API's address, for an enterprise server."""
    repositories: tuple[Slug, ...] = ()
    """`owner/name` of those that the token is for; none named: the repository that the credential stands under."""
    permissions: dict[str, Access] = {
        "contents": "read",
        "pull_requests": "write",
        "issues": "write",
        "checks": "read",
    }
    """What the token may do, as GitHub names it."""

    clients: Clients = Clients()
    """Programs in the sandbox whose own configuration holds the stand-in."""

    def secrets(self) -> tuple[Secret, ...]:
        """Every real value of it."""
        return (self.private_key,)

    def hosts(self) -> tuple[str, ...]:
        """Where its token is swapped in."""
        host = str(urlsplit(self.base_url).hostname)
        if host == "api.github.com":
            return GITHUB_HOSTS
        if host.startswith("api.") and host.endswith(".ghe.com"):  # GitHub Enterprise Cloud with data residency
            return (host, host.removeprefix("api."))
        return (host,)

    def port(self) -> int:
        """The port of the API."""
        return urlsplit(self.base_url).port or 443


class GithubApp(Model):
    """What one token is asked for with. Two that are equal share a token."""

    field: str
    """Where it stands in airut.yaml, for errors."""
    base_url: str
    app_id: int
    installation_id: int
    private_key: SecretLines
    repositories: tuple[str, ...]
    permissions: tuple[tuple[str, Access], ...]


class GithubRepository(Model):
    """One repository as GitHub numbers and names it."""

    id: int
    name: Slug


class InstallationToken(Model):
    """What an App's key was exchanged for."""

    value: Secret
    expires_at: float
    """Seconds since 1970."""
    repositories: tuple[GithubRepository, ...]
    """All that it is good for."""

    def renew_at(self) -> float:
        """When it is time for the next one."""
        return self.expires_at - RENEWAL


class SandboxGithubApp(Model):
    """An App's credential with the surrogate of one thread, and the token of now; None while there is none."""

    name: str
    surrogate: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    app: GithubApp
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    token: InstallationToken | None = None

    def environment(self) -> dict[str, str]:
        """What the sandbox gets of it."""
        return {self.name: self.surrogate}

    def lacks_value(self) -> bool:
        """Never: its token is had by asking for it, and is waited for."""
        return False


def app_of(name: str, credential: GithubAppCredential, *, repo: str, slug: str) -> GithubApp:
    """What the token of a repository's credential is asked for with. `slug` is the repository's own `owner/name`."""
    return GithubApp(
        field=f"repos.{repo}.credentials.{name}",
        base_url=credential.base_url,
        app_id=credential.app_id,
        installation_id=credential.installation_id,
        private_key=credential.private_key,
        repositories=tuple(sorted(credential.repositories or (slug,))),
        permissions=tuple(sorted(credential.permissions.items())),
    )


def app_for_sandbox(
    name: str, credential: GithubAppCredential, *, key: bytes, thread: str, repo: str, slug: str
) -> SandboxGithubApp:
    """A configured App with its surrogate for one thread; its token is still to be had."""
    return SandboxGithubApp(
        name=name,
        surrogate=surrogates.surrogate(key, thread, repo, name, _SHAPE),
        app=app_of(name, credential, repo=repo, slug=slug),
        hosts=credential.hosts(),
        ports=tuple(sorted({443, credential.port()})),
    )
