"""Clients in the sandbox that find a credential's stand-in in their own configuration (spec: credentials §7.3)."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from airut.models.base import Model

_WORD = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$"
User = Annotated[str, Field(pattern=_WORD)]


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is no https address such as https://npm.example.com/team/")
    return url if url.endswith("/") else f"{url}/"


Address = Annotated[str, AfterValidator(_address)]


class GitClient(Model):
    """git over https. The server sees this user, and the value as its password."""

    user: User = "x-access-token"


class NpmClient(Model):
    """npm, pnpm and yarn 1. Without `registry`, the hosts themselves."""

    registry: Address | None = None
    scopes: tuple[Annotated[str, Field(pattern=r"^@[a-z0-9~][a-z0-9._~-]*$")], ...] = ()
    """Scopes of packages that come from this registry, such as `@acme`."""
    user: User | None = None
    """For registries that want user and password; else the value is sent as a bearer."""


class PipClient(Model):
    """pip, uv and whatever else reads a netrc."""

    user: User = "__token__"


class TwineClient(Model):
    """twine and `uv publish`."""

    user: User = "__token__"


class CargoClient(Model):
    """cargo; without a name, crates.io."""

    registry: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")] | None = None


class DockerClient(Model):
    """docker, podman, skopeo and buildah. Without `registry`, the hosts themselves."""

    registry: Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:\d+)?$")] | None = None
    user: User = "token"


class ForgeClient(Model):
    """gh, glab or tea."""


class Clients(Model):
    """Which clients a token is for. Each needs the hosts that it talks to among the credential's."""

    git: GitClient | None = None
    npm: NpmClient | None = None
    pip: PipClient | None = None
    twine: TwineClient | None = None
    cargo: CargoClient | None = None
    docker: DockerClient | None = None
    gh: ForgeClient | None = None
    glab: ForgeClient | None = None
    tea: ForgeClient | None = None

    def fault(self, hosts: tuple[str, ...], headers: tuple[str, ...]) -> str | None:
        """What keeps them from working with a credential of these hosts and headers."""
        for client in ("npm", "pip", "docker", "glab", "tea", "gh"):
            settings = getattr(self, client)
            if settings is not None and getattr(settings, "registry", None) is None and any("*" in h for h in hosts):
                return f"clients.{client} needs hosts by their names; {next(h for h in hosts if '*' in h)} is a pattern"
        if self.glab is not None and not {"private-token", "*"} & {header.lower() for header in headers}:
            return "clients.glab needs Private-Token among headers, besides Authorization"
        return None


class ClientToken(Model):
    """A stand-in, and the clients that should find it."""

    name: str
    """The variable that it has in the sandbox."""
    surrogate: str
    hosts: tuple[str, ...]
    clients: Clients

    @model_validator(mode="after")
    def _printable(self) -> Self:
        if not self.surrogate.isascii() or not self.surrogate.isprintable() or " " in self.surrogate:
            raise ValueError("a stand-in is one word")
        return self
