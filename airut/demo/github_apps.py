"""GitHub Apps at the forge: who they are (JWT, RFC 7519), where they are installed, and the tokens that they got."""

import base64
import binascii
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import JsonValue

from airut.demo.github_pulls import Refused
from airut.models.base import Model

LONGEST = 600  # seconds that GitHub lets a JWT be good for
NOT_ACCESSIBLE = "There is at least one repository that does not exist or is not accessible to the parent installation."
NOT_GRANTED = "The permissions requested are not granted to this installation."


@dataclass(frozen=True)
class App:
    """One App: its key, and by installation the repositories of the account that installed it, with what they grant."""

    id: int
    key: RSAPublicKey
    installations: dict[int, tuple[str, ...]]
    permissions: dict[str, str] = field(
        default_factory=lambda: {"contents": "write", "pull_requests": "write", "issues": "write", "checks": "read"}
    )


class Grant(Model):
    """What an installation's token is good for."""

    token: str
    app: int
    installation: int
    repositories: tuple[str, ...]
    permissions: dict[str, str]
    expires_at: float


@dataclass(frozen=True)
class Caller:
    """Who asks: a user, an App for itself, or an App in one installation."""

    login: str
    app: App | None = None
    grant: Grant | None = None

    def may_see(self, repo: str) -> bool:
        """Whether a repository exists for it; `""` is none in particular."""
        if self.grant is not None and repo:
            return repo in self.grant.repositories
        return self.app is None or not repo


class Apps:
    """The Apps of one forge. `clock` is the forge's, which may differ from its clients'."""

    def __init__(self, *apps: App, lifetime: float = 3600.0, clock: Callable[[], float] = time.time) -> None:
        self._apps = {app.id: app for app in apps}
        self.lifetime = lifetime
        self.clock = clock
        self.grants: list[Grant] = []
        """Every token that was ever given out, in order."""

    def of_jwt(self, text: str) -> App:
        """Whom a JWT is from.

        Raises:
            Refused: it is not good, in GitHub's words.
        """
        signed, _, signature = text.rpartition(".")
        try:
            header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
            app = self._apps[int(claims["iss"])]
            assert header == {"alg": "RS256", "typ": "JWT"}
            app.key.verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
        except KeyError as error:
            raise Refused(404, "Integration not found") from error
        except (ValueError, AssertionError, InvalidSignature) as error:
            raise Refused(401, "A JSON web token could not be decoded") from error
        now = self.clock()
        if not isinstance(claims.get("iat"), int) or claims["iat"] > now:
            text = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            raise Refused(401, text)
        if not isinstance(claims.get("exp"), int) or claims["exp"] <= now:
            raise Refused(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
        if claims["exp"] > now + LONGEST:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        return app

    def issue(self, app: App, installation: int, body: dict[str, JsonValue]) -> Grant:
        """A new token for a part of what was installed.

        Raises:
            Refused: no such installation, or more is asked for than it has.
        """
        if installation not in app.installations:
            raise Refused(404, "Not Found")
        every = {name.partition("/")[2]: name for name in app.installations[installation]}
        wanted, permissions = body.get("repositories"), body.get("permissions")
        names = [str(name) for name in wanted] if isinstance(wanted, list) else list(every)
        asked = {name: str(level) for name, level in permissions.items()} if isinstance(permissions, dict) else {}
        if not every.keys() >= set(names):
            raise Refused(422, NOT_ACCESSIBLE)
        if not all(level == app.permissions.get(name) or _lesser(level, app, name) for name, level in asked.items()):
            raise Refused(422, NOT_GRANTED)
        grant = Grant(
            token="ghs_" + secrets.token_hex(18),
            app=app.id,
            installation=installation,
            repositories=tuple(every[name] for name in names),
            permissions=asked or app.permissions,
            expires_at=int(self.clock() + self.lifetime),
        )
        self.grants.append(grant)
        return grant

    def of_token(self, token: str) -> Grant | None:
        """What a token is good for, as long as it is."""
        return next((g for g in self.grants if g.token == token and g.expires_at > self.clock()), None)


def is_jwt(token: str) -> bool:
    """Whether it is an App that speaks for itself."""
    return token.startswith("eyJ") and token.count(".") == 2


def moment(seconds: float) -> str:
    """A time as GitHub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lesser(level: str, app: App, name: str) -> bool:
    return level == "read" and app.permissions.get(name) == "write"


def _decoded(part: str) -> bytes:
    """
    Raises:
        ValueError: it is no base64url.
    """
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error
