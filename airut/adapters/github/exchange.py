"""One exchange of a GitHub App's word for the token of an installation, and what that token is good for."""

import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from githubkit import GitHub, UnauthAuthStrategy
from githubkit.exception import GitHubException, RequestFailed
from githubkit.response import Response
from pydantic import ValidationError

from airut.adapters.github.app_jwt import app_jwt, rsa_key
from airut.adapters.github.client import client
from airut.adapters.github.failures import as_ours
from airut.errors import ConfigError, ForgeRefused, ForgeUnavailable
from airut.models.base import Model
from airut.models.credentials.github_app import GithubApp, GithubRepository, InstallationToken
from airut.models.credentials.secret import Secret

TIMEOUT = 12.0  # seconds for one request: GitHub ends its own after ten
SKEW = 30.0  # seconds between GitHub's clock and ours from which on a JWT is worth a second try by GitHub's
PAGE = 100  # GitHub's most
PAGES = 50  # 5,000 repositories: ten times what GitHub lets one ask a token for by name
REMEDIES = {
    401: "GitHub does not take the App's key; compare app_id and private_key with the App's settings",
    403: "the App may not do that; look whether the installation is suspended",
    404: "there is no such App or installation; compare app_id, installation_id and base_url",
    422: "the installation does not have the repositories or permissions; grant them, or name others",
}


class Exchange:
    """Asks GitHub. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def token(self, app: GithubApp) -> InstallationToken:
        """A new token, with the repositories that it is for.

        Raises:
            ForgeUnavailable: GitHub cannot be reached, or asks for patience: worth a retry.
            ForgeRefused: an operator has to act.
            ConfigError: the key is none; names the field.
            SecretError: the key's source cannot be read.
        """
        what = f"{app.field}: exchanging the App's key for a token"
        began = self._clock()
        answer = self._granted(app, what)
        server = _server_time(answer) or began
        try:
            granted = _Granted.model_validate_json(answer.content)
        except ValidationError as error:
            raise ForgeUnavailable(f"{what}: the answer is none of GitHub's") from error
        return InstallationToken(
            value=Secret(granted.token),
            expires_at=began + granted.expires_at.timestamp() - server,  # by our clock, whatever GitHub's says
            repositories=self._repositories(app, granted.token),
        )

    def _granted(self, app: GithubApp, what: str) -> Response[Any]:
        """By our clock, and by GitHub's if ours is what it does not like."""
        try:
            return self._asked(app, 0.0)
        except RequestFailed as error:
            server = _server_time(error.response)
            skew = server - self._clock() if server is not None else 0.0
            if error.response.status_code != 401 or abs(skew) < SKEW:
                raise as_ours(error, what, REMEDIES) from error
        except GitHubException as error:
            raise as_ours(error, what, REMEDIES) from error
        try:
            return self._asked(app, skew)
        except GitHubException as error:
            raise as_ours(error, what, REMEDIES) from error

    def _asked(self, app: GithubApp, skew: float) -> Response[Any]:
        try:
            word = app_jwt(rsa_key(app.private_key.reveal()), app.app_id, self._clock() + skew)
        except ValueError as error:
            raise ConfigError(f"{app.field}.private_key: {error}") from None
        names = [name.partition("/")[2] for name in app.repositories]  # an installation has one owner
        asked = {"repositories": names, "permissions": dict(app.permissions)}
        path = f"/app/installations/{app.installation_id}/access_tokens"
        return self._client(app).request("POST", path, json=asked, headers={"Authorization": f"Bearer {word}"})

    def _repositories(self, app: GithubApp, token: str) -> tuple[GithubRepository, ...]:
        """All that the token is for, page by page. Raises: ForgeUnavailable, ForgeRefused"""
        what = f"{app.field}: asking which repositories the App's token is for"
        found: dict[int, GithubRepository] = {}
        for page in range(1, PAGES + 1):
            try:
                answer = self._client(app).request(
                    "GET",
                    "/installation/repositories",
                    params={"per_page": PAGE, "page": page},
                    headers={"Authorization": f"Bearer {token}"},
                )
                listed = _Listed.model_validate_json(answer.content)
            except GitHubException as error:
                raise as_ours(error, what, REMEDIES) from error
            except ValidationError as error:
                raise ForgeUnavailable(f"{what}: the answer is none of GitHub's") from error
            found |= {each.id: GithubRepository(id=each.id, name=each.full_name) for each in listed.repositories}
            if not listed.repositories or len(found) >= listed.total_count:
                return tuple(found.values())
        raise ForgeRefused(f"{what}: they are over {PAGE * PAGES}; name those that are needed under repositories")

    def _client(self, app: GithubApp) -> GitHub[UnauthAuthStrategy]:
        return client(UnauthAuthStrategy(), app.base_url, TIMEOUT)


class _Granted(Model):
    """GitHub's `installation-token`, as much as is needed."""

    model_config = {"extra": "ignore"}

    token: str
    expires_at: datetime


class _Repository(Model):
    model_config = {"extra": "ignore"}

    id: int
    full_name: str


class _Listed(Model):
    model_config = {"extra": "ignore"}

    total_count: int
    repositories: tuple[_Repository, ...]


def _server_time(response: Response[Any]) -> float | None:
    """When GitHub answered, by its own clock (RFC 9110 §6.6.1)."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        return None
