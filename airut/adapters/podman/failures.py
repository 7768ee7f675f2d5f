"""The one place where what Podman's API says becomes an error of ours."""

import re

import requests
from podman.errors import APIError

from airut.errors import EngineError, EngineUnavailable, ImageMissing, NameTaken, NetworkLost, NoSpace, SandboxError

# Podman answers most failures with 500, so that only its words tell them apart. First match wins.
PHRASES: tuple[tuple[str, type[SandboxError]], ...] = (
    ("no space left on device", NoSpace),
    ("disk quota exceeded", NoSpace),
    ("no such image", ImageMissing),
    ("image not known", ImageMissing),
    ("unable to find network", NetworkLost),
    ("network not found", NetworkLost),
    ("is already in use", NameTaken),
    ("already exists", NameTaken),
    ("name is in use", NameTaken),
)

# What a pull says of itself. The steps of a Dockerfile may print anything, but this is looked for only in the error
# that ended the build, and a step's error is its exit status.
PULLING = re.compile(
    r"docker://|pinging container registry|reading manifest|reading blob|copying blob|reading config"
    r"|Source image rejected",
    re.IGNORECASE,
)
STEP_FAILED = re.compile(r"exit(?:ed with)? (?:status|code) \d+\s*$", re.IGNORECASE)
# What another try may well find otherwise. A name that does not exist, an image that does not, and a registry that
# wants a login stay what they are.
PASSING = re.compile(
    r"HTTP status(?: code)?:? (?:429|5\d\d)|toomanyrequests|too many requests|500 Internal|502 Bad|503 Service"
    r"|504 Gateway|connection (?:refused|reset)|broken pipe|\bEOF\b|i/o timeout"
    r"|TLS handshake timeout|deadline exceeded|Client\.Timeout|server misbehaving|temporary failure"
    r"|network is unreachable|no route to host",
    re.IGNORECASE,
)


def registry_hiccup(problem: str) -> bool:
    """Whether this error, which ended a build, says that a base image could not be pulled for now."""
    return bool(PULLING.search(problem) and PASSING.search(problem) and not STEP_FAILED.search(problem))


def translate(error: OSError, what: str) -> SandboxError:
    """Our error for one of podman-py's, which are all `OSError`s. `what` says what was tried."""
    chain = list(_causes(error))
    if any(isinstance(link, requests.Timeout | TimeoutError) for link in chain):
        return EngineUnavailable(f"{what}: Podman did not answer in time")  # busy: a later look finds all as it was
    if not isinstance(error, APIError) or error.response is None:
        return EngineUnavailable(f"{what}: nothing answers on Podman's socket ({chain[-1]})")
    words = str(error.explanation or error)
    kind = next((kind for phrase, kind in PHRASES if phrase in words.lower()), EngineError)
    return kind(f"{what}: {words}")


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain
