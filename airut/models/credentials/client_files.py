"""What the clients of a sandbox read: files and variables that hold stand-ins (spec: credentials §7.3)."""

import base64
import json
from collections.abc import Iterable, Iterator

from airut.models.base import Model
from airut.models.credentials.clients import ClientToken

FOLDER = "/run/airut/files"
"""Where a sandbox's small files lie. The clients can read there, and `npm login` and the like cannot write."""
NPMRC, NETRC, CONFIG = "npmrc", "netrc", "config.json"  # the last one's name is docker's own


class ClientFiles(Model):
    environment: dict[str, str] = {}
    files: dict[str, str] = {}
    """File name → content, for `FOLDER`."""


def client_files(tokens: Iterable[ClientToken]) -> ClientFiles:
    """For all credentials of one sandbox together: a client reads one file, whichever credentials it needs."""
    found = tuple(tokens)
    environment: dict[str, str] = {}
    git = [setting for token in found for setting in _git(token)]
    if git:
        environment["GIT_CONFIG_COUNT"] = str(len(git))
        for number, (key, value) in enumerate(git):
            environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    files = {}
    if npmrc := [line for token in found for line in _npmrc(token)]:
        files[NPMRC] = "\n".join(npmrc) + "\n"
        environment["NPM_CONFIG_USERCONFIG"] = f"{FOLDER}/{NPMRC}"
    if netrc := [line for token in found for line in _netrc(token)]:
        files[NETRC] = "\n".join(netrc) + "\n"
        environment["NETRC"] = f"{FOLDER}/{NETRC}"
    if auths := dict(entry for token in found for entry in _auths(token)):
        files[CONFIG] = json.dumps({"auths": auths}, indent=1)
        environment |= {"DOCKER_CONFIG": FOLDER, "REGISTRY_AUTH_FILE": f"{FOLDER}/{CONFIG}"}
    for token in found:
        environment |= dict(_variables(token))
    return ClientFiles(environment=environment, files=files)


def _git(token: ClientToken) -> Iterator[tuple[str, str]]:
    """A helper that prints what the variable holds, for these hosts and before all other helpers. It is only asked:
    git would have another one store or forget what worked or did not."""
    if token.clients.git is None:
        return
    user = token.clients.git.user
    prints = f'printf "username=%s\\npassword=%s\\n" "{user}" "${token.name}"'
    for host in token.hosts:
        section = f"credential.https://{host}"
        yield f"{section}.helper", ""  # git's way to forget the helpers of its other files
        yield f"{section}.helper", f'!f() {{ test "$1" = get && {prints}; }}; f'


def _npmrc(token: ClientToken) -> Iterator[str]:
    npm = token.clients.npm
    if npm is None:
        return
    for url in [npm.registry] if npm.registry else [f"https://{host}/" for host in token.hosts]:
        place = url.removeprefix("https:")
        if npm.user is None:
            yield f"{place}:_authToken={token.surrogate}"
        else:
            yield f"{place}:_auth={_basic(npm.user, token.surrogate)}"
        for scope in npm.scopes:
            yield f"{scope}:registry={url}"


def _netrc(token: ClientToken) -> Iterator[str]:
    if token.clients.pip is not None:
        for host in token.hosts:
            yield f"machine {host} login {token.clients.pip.user} password {token.surrogate}"


def _auths(token: ClientToken) -> Iterator[tuple[str, dict[str, str]]]:
    docker = token.clients.docker
    if docker is None:
        return
    for registry in [docker.registry] if docker.registry else token.hosts:
        entry = {"auth": _basic(docker.user, token.surrogate)}
        yield registry, entry
        if registry == "docker.io":
            yield "https://index.docker.io/v1/", entry  # what docker itself calls it


def _variables(token: ClientToken) -> Iterator[tuple[str, str]]:
    clients, surrogate = token.clients, token.surrogate
    if clients.twine is not None:
        yield from {
            "TWINE_USERNAME": clients.twine.user,
            "TWINE_PASSWORD": surrogate,
            "UV_PUBLISH_USERNAME": clients.twine.user,
            "UV_PUBLISH_PASSWORD": surrogate,
        }.items()
    if clients.cargo is not None:
        name = clients.cargo.registry
        yield f"CARGO_REGISTRIES_{name.upper().replace('-', '_')}_TOKEN" if name else "CARGO_REGISTRY_TOKEN", surrogate
    host = next((host for host in token.hosts if "*" not in host), "")
    if clients.gh is not None:
        yield from _gh(token.hosts, surrogate)
    if clients.glab is not None:
        yield from {"GITLAB_TOKEN": surrogate, "GITLAB_HOST": host}.items()
    if clients.tea is not None:
        url = f"https://{host}"
        yield from {"GITEA_TOKEN": surrogate, "GITEA_INSTANCE_URL": url}.items()
        yield from {"GITEA_SERVER_TOKEN": surrogate, "GITEA_SERVER_URL": url}.items()


def _gh(hosts: tuple[str, ...], surrogate: str) -> Iterator[tuple[str, str]]:
    own = [host for host in hosts if host not in {"github.com", "api.github.com", "uploads.github.com"}]
    if len(own) < len(hosts):
        yield "GH_TOKEN", surrogate
    else:
        yield from {"GH_ENTERPRISE_TOKEN": surrogate, "GH_HOST": own[0]}.items()


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def own_variables(token: ClientToken) -> tuple[str, ...]:
    """The variables that no other credential's clients can take as well."""
    return tuple(name for name, _ in _variables(token) if name != token.name)


def shared_variables(token: ClientToken) -> tuple[str, ...]:
    """The variables by which clients find what all credentials' clients share."""
    return tuple(sorted(set(client_files([token]).environment) - {name for name, _ in _variables(token)}))
