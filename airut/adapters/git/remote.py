"""A repository's remote: its URL, what may be said of it, how to log in, what its refusals mean. Pure."""

import base64
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from airut.errors import ConfigError, GitError, NoSpace, PushRejected, RemoteRefused, RemoteUnavailable
from airut.models.credentials.secret import Secret

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SCP = re.compile(r"(?P<user>[A-Za-z0-9._-]+)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^:\s]+)")
_USER_INFO = re.compile(r"://[^/@\s]+@")
_MAX_SHOWN = 600

_REJECTED = re.compile(r"\bGH0\d\d\b|protected branch|hook declined", re.IGNORECASE)
# Somebody else moved the branch, or our own push arrived twice: looking again gives the true answer.
_MOVED = re.compile(r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref", re.IGNORECASE)
_REFUSED = re.compile(
    r"authentication failed|could not read (?:username|password)|returned error: 4(?!08|29)\d\d"
    r"|repository .*not found|repository not found|permission denied|host key verification failed"
    r"|does not appear to be a git repository|unable to update url base from redirection|certificate"
    r"|returned error: 3\d\d|access denied|transport '\w+' not allowed",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class RepoRemote:
    """`name` is the repository's in the configuration, and names its mirror's folder. `token` is for http(s)."""

    name: str
    url: str
    token: Secret | None = None
    default_branch: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"repository name {self.name!r}: letters, digits, dot, dash and underscore only")
        protocol(self.url)


def protocol(url: str) -> str:
    """The one transport that a URL may use: https, ssh, or http on this machine. Never a path, `ext::` or the like.

    Raises:
        ConfigError: another one.
    """
    if _SCP.fullmatch(url):
        return "ssh"
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in ("https", "ssh") and host and not host.startswith("-"):
        return parts.scheme
    if parts.scheme == "http" and _is_loopback(host):
        return "http"
    raise ConfigError(f"{public_url(url)}: a git URL is https://… or ssh://…, or http:// on a loopback host")


def host_of(url: str) -> str:
    """Lower-case host, without user and port; empty for a path."""
    if scp := _SCP.fullmatch(url):
        return scp["host"].lower()
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def public_url(url: str) -> str:
    """Without credentials. The login name of ssh stays, since it is none and the URL means nothing without it."""
    parts = urlsplit(url)
    if not parts.netloc or "@" not in parts.netloc:
        return url
    user, _, host = parts.netloc.rpartition("@")
    login = f"{user.partition(':')[0]}@" if parts.scheme == "ssh" else ""
    return urlunsplit((parts.scheme, login + host, parts.path, parts.query, parts.fragment))


def login_settings(remote: RepoRemote) -> tuple[tuple[str, str], ...]:
    """Configuration that authenticates requests to this remote's origin and to no other (RFC 7617 §2)."""
    if remote.token is None or protocol(remote.url) == "ssh":
        return ()
    parts = urlsplit(public_url(remote.url))
    return ((f"http.{parts.scheme}://{parts.netloc}/.extraHeader", f"Authorization: Basic {_basic(remote.token)}"),)


def secret_values(remote: RepoRemote) -> tuple[str, ...]:
    """The token in each form in which it could turn up in a message."""
    if remote.token is None:
        return ()
    return (remote.token.reveal(), _basic(remote.token))


def scrub(text: str, remote: RepoRemote) -> str:
    """git's words on at most a few lines, without credentials and user info."""
    for value in secret_values(remote):
        text = text.replace(value, "***")
    lines = [line.strip() for line in _USER_INFO.sub("://", text).splitlines() if line.strip()]
    said = "; ".join(line.removeprefix("remote: ").removeprefix("fatal: ") for line in lines)
    return "".join(c for c in said if c.isprintable())[-_MAX_SHOWN:]


def remote_failure(doing: str, stderr: str, remote: RepoRemote) -> GitError | NoSpace:
    """Our exception for what git said about a remote. What is not known for good is worth a retry."""
    where, said = public_url(remote.url), scrub(stderr, remote)
    if "No space left on device" in stderr:
        return NoSpace(f"{doing} {where}: no space left on this host")
    if not _REJECTED.search(stderr) and _MOVED.search(stderr):
        return RemoteUnavailable(f"{where}: the branch moved in the meantime: {said}")
    if _REJECTED.search(stderr) or "[remote rejected]" in stderr:
        return PushRejected(f"{where} rejected the push: {said}")
    if _REFUSED.search(stderr):
        return RemoteRefused(f"{doing} {where} was refused; check the URL and the token's rights: {said}")
    return RemoteUnavailable(f"{doing} {where} failed: {said}")


def _basic(token: Secret) -> str:
    """Forges take any user name beside a token; this one is GitHub's custom."""
    return base64.b64encode(f"x-access-token:{token.reveal()}".encode()).decode()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
