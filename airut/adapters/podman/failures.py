"""The one place where what Podman's API says becomes an error of ours."""

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
