"""githubkit's exceptions as ours, in one place."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from githubkit.exception import GitHubException, RateLimitExceeded, RequestError, RequestFailed

from airut.errors import ForgeError, ForgeRefused, ForgeUnavailable

REMEDIES = {
    401: "the token under forge.auth is not valid any more; give a new one",
    403: "the token under forge.auth lacks a right; it needs contents and pull requests, read and write",
    404: "the repository does not exist, or the token under forge.auth cannot see it",
    410: "the repository has pull requests switched off",
    422: "GitHub did not accept the request",
}

_CREDENTIAL = re.compile(r"\b(?:gh[pousr]_|github_pat_)\w+")


@contextmanager
def mapped(what: str) -> Iterator[None]:
    """Raise what githubkit raises as one of ours, saying what was being done.

    Raises:
        ForgeUnavailable, ForgeRefused
    """
    try:
        yield
    except GitHubException as error:
        raise as_ours(error, what) from error


def as_ours(error: GitHubException, what: str, remedies: Mapping[int, str] = REMEDIES) -> ForgeError:
    """The forge error that an exception of githubkit stands for. 403 and 429 that name a rate limit, 5xx and broken
    connections are worth a retry (GitHub, *Rate limits for the REST API*); everything else is not."""
    if isinstance(error, RateLimitExceeded):
        return ForgeUnavailable(f"{what}: GitHub's rate limit is reached", error.retry_after.total_seconds())
    if not isinstance(error, RequestFailed):
        reason = type(error.exc).__name__ if isinstance(error, RequestError) else type(error).__name__
        return ForgeUnavailable(f"{what}: GitHub cannot be reached ({reason})")
    status, said = error.response.status_code, message_of(error)
    if status >= 500 or status in {408, 429} or (status == 403 and "rate limit" in said.lower()):
        return ForgeUnavailable(f"{what}: GitHub answers {status}", _retry_after(error))
    remedy = remedies.get(status, f"GitHub answers {status}")
    return ForgeRefused(f"{what}: {remedy}" + (f" ({said})" if said else ""))


def message_of(error: RequestFailed) -> str:
    """GitHub's own words, errors of fields included, without anything that looks like a token."""
    try:
        document = error.response.json()
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    parts = [str(document.get("message", ""))]
    details = document.get("errors")
    parts += [
        str(detail.get("message") or detail.get("code")) if isinstance(detail, dict) else str(detail)
        for detail in (details if isinstance(details, list) else [])
    ]
    return _CREDENTIAL.sub("***", "; ".join(part for part in parts if part))[:500]


def _retry_after(error: RequestFailed) -> float | None:
    value = error.response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
