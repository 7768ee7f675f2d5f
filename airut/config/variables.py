"""The variables of a sandbox: plain ones and those of credentials, which must not get in each other's way."""

import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationInfo

from airut.config.secret_sources import SecretSources
from airut.models.credentials.aws import AwsCredential
from airut.models.credentials.client_files import own_variables, shared_variables
from airut.models.credentials.clients import ClientToken
from airut.models.credentials.github_app import GithubAppCredential
from airut.models.credentials.kinds import Credential, variables

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED = frozenset(
    {
        *("HOME", "IS_SANDBOX", "PATH"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("GIT_SSL_CAINFO", "PIP_CERT", "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "DENO_CERT"),
    }
)
"""What a sandbox's image sets itself: without its authorities nothing would get past the fence."""

type Configured = Mapping[str, Credential | AwsCredential | GithubAppCredential]


def check_variables(env: Mapping[str, str], credentials: Configured) -> None:
    """Raises: ValueError: a name that cannot be one, or that two of them give."""
    swapped = [variable for name, found in credentials.items() for variable in variables(name, found)]
    for name in (*env, *swapped):
        if not _VARIABLE.fullmatch(name) or name in RESERVED or name.startswith("AIRUT_"):
            raise ValueError(f"{name!r} cannot be used as a variable in the sandbox")
    for name, token in _client_tokens(credentials):
        swapped += own_variables(token)
        if taken := sorted({*env, *swapped} & set(shared_variables(token))):
            raise ValueError(f"the clients of credentials.{name} are told by {taken[0]}; leave it to them")
    if both := sorted(set(env) & set(swapped)):
        raise ValueError(f"{both[0]} stands in env and in credentials; keep one")
    if twice := sorted({name for name in swapped if swapped.count(name) > 1}):
        raise ValueError(f"two credentials give {twice[0]}; name the variables of one with `names`")


def _client_tokens(credentials: Configured) -> Iterator[tuple[str, ClientToken]]:
    """Whatever stands for them in a sandbox, the variables are the same."""
    for name, found in credentials.items():
        if isinstance(found, Credential):
            yield name, ClientToken(name=name, surrogate="-", hosts=found.hosts, clients=found.clients)
        elif isinstance(found, GithubAppCredential):
            yield name, ClientToken(name=name, surrogate="-", hosts=found.hosts(), clients=found.clients)


def without_unset(given: object, info: ValidationInfo) -> object:
    """Credentials without those that are `optional` and of which a source has no value: the sandbox knows nothing of
    them."""
    sources: SecretSources | None = info.context
    if not isinstance(given, dict) or sources is None:
        return given
    return {name: found for name, found in given.items() if not _is_unset(found, sources)}


def _is_unset(given: object, sources: SecretSources) -> bool:
    if not isinstance(given, dict) or given.get("optional") is not True:
        return False
    return any(sources.is_unset(member) for member in given.values())
