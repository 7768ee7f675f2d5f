"""Credentials: as configured, and as one sandbox gets them (spec: credentials §1)."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from airut.models.base import Model
from airut.models.credentials import surrogates
from airut.models.credentials.aws import AwsCredential, SandboxAwsCredential, aws_for_sandbox
from airut.models.credentials.clients import Clients
from airut.models.credentials.github_app import GithubAppCredential, SandboxGithubApp, app_for_sandbox
from airut.models.credentials.hosts import Hosts
from airut.models.credentials.secret import Present, Secret
from airut.models.policy.mints import Mint
from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint
from airut.models.values.json_pointer import Pointer

KINDS = ("token", "aws", "github_app")
"""What `kind` may be."""


class Credential(Model):
    """A `token` credential of airut.yaml: the variable holds a surrogate, the proxy swaps in the value."""

    kind: Literal["token"] = "token"
    """A value that is sent as it is."""
    value: Secret
    """The real one, which no sandbox gets."""
    optional: bool = False
    """Whether its source may have no value; then the sandbox has neither variable nor rule."""
    hosts: Hosts
    """Where it is swapped in; nowhere else."""
    ports: tuple[int, ...] = (443,)
    """Of these hosts."""
    headers: tuple[str, ...] = ("Authorization",)
    """Header fields in which the stand-in is swapped."""
    query: tuple[str, ...] = ()
    """Names of the query parameters in which the surrogate is swapped as well."""
    pointers: tuple[Pointer, ...] = Field(default=(), alias="json")
    """Where in JSON bodies a string that is the surrogate is swapped."""
    methods: tuple[str, ...] = ()
    """Only in requests of these methods; empty is all."""
    foreign: Literal["strip", "block", "allow"] = "strip"
    """What becomes of other people's credentials at these hosts."""
    mints: tuple[Mint, ...] = ()
    """Answers that hold another credential, which is taken out as well."""
    clients: Clients = Clients()
    """Programs in the sandbox whose own configuration holds the stand-in."""

    @model_validator(mode="after")
    def _clients_can_use_it(self) -> Self:
        if fault := self.clients.fault(self.hosts, self.headers):
            raise ValueError(fault)
        return self

    def secrets(self) -> tuple[Secret, ...]:
        """Every real value of it."""
        return (self.value,)


def _kind(given: Any) -> str:
    return str(given.get("kind", "token") if isinstance(given, dict) else getattr(given, "kind", "token"))


AnyCredential = Annotated[
    Annotated[Credential, Tag("token")]
    | Annotated[AwsCredential, Tag("aws")]
    | Annotated[GithubAppCredential, Tag("github_app")],
    Discriminator(_kind, custom_error_type="kind", custom_error_message="kind: must be token, aws or github_app"),
]
"""A credential of airut.yaml; one without a kind is a token."""


def variables(name: str, credential: Credential | AwsCredential | GithubAppCredential) -> tuple[str, ...]:
    """The variables that a credential of this name takes in the sandbox."""
    return credential.variables() if isinstance(credential, AwsCredential) else (name,)


class SandboxCredential(Model):
    """A credential with the surrogate of one thread; no value: there is none to be had now."""

    name: str
    kind: str = "token"
    surrogate: str
    value: Secret | None
    hosts: tuple[str, ...]
    ports: tuple[int, ...] = (443,)
    headers: tuple[str, ...] = ("Authorization",)
    query: tuple[str, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    methods: tuple[str, ...] = ()
    foreign: Literal["strip", "block", "allow"] = "strip"
    mints: tuple[Mint, ...] = ()

    def environment(self) -> dict[str, str]:
        """What the sandbox gets of it."""
        return {self.name: self.surrogate}

    def lacks_value(self) -> bool:
        return self.value is None


AnySandboxCredential = SandboxCredential | SandboxAwsCredential | SandboxGithubApp


def any_for_sandbox(
    name: str,
    credential: Credential | AwsCredential | GithubAppCredential,
    present: Present = Secret.fixed,
    *,
    slug: str,
    key: bytes,
    thread: str,
    repo: str,
) -> AnySandboxCredential:
    """A configured credential of any kind with what stands for it in one thread. `slug` is the repository's own
    `owner/name`, which an App's token is for where no other is named; that token is still to be asked for."""
    if isinstance(credential, GithubAppCredential):
        return app_for_sandbox(name, credential, key=key, thread=thread, repo=repo, slug=slug)
    if isinstance(credential, AwsCredential):
        return aws_for_sandbox(name, credential, present, key=key, thread=thread, repo=repo)
    return for_sandbox(name, credential, present, key=key, thread=thread, repo=repo)


def for_sandbox(
    name: str, credential: Credential, present: Present = Secret.fixed, *, key: bytes, thread: str, repo: str
) -> SandboxCredential:
    """A configured credential with its surrogate for one thread. `key` is the installation's, 32 bytes."""
    value = present(credential.value)
    kept = set(SandboxCredential.model_fields) & set(type(credential).model_fields) - {"value"}
    return SandboxCredential(
        name=name,
        surrogate=surrogates.surrogate(key, thread, repo, name, _shape(value)),
        value=value,
        **{field: getattr(credential, field) for field in kept},
    )


def claude_for_sandbox(
    form: Literal["api_key", "oauth_token"],
    value: Secret,
    present: Present = Secret.fixed,
    *,
    key: bytes,
    thread: str,
    repo: str,
    endpoint: ModelEndpoint = ANTHROPIC,
) -> SandboxCredential:
    """The model provider's credential (credentials.md §7.2), under the variable that Claude Code reads it from."""
    name, header = {
        "api_key": ("ANTHROPIC_API_KEY", "X-Api-Key"),
        "oauth_token": ("CLAUDE_CODE_OAUTH_TOKEN", "Authorization"),
    }[form]
    current = present(value)
    return SandboxCredential(
        name=name,
        kind="claude",
        surrogate=surrogates.surrogate(key, thread, repo, name, _shape(current)),
        value=current,
        hosts=(endpoint.host,),
        ports=(endpoint.port,),
        headers=(header,),
        foreign="block",
    )


def _shape(value: Secret | None) -> str:
    return surrogates.UNKNOWN if value is None else value.reveal()
