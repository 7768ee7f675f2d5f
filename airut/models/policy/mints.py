"""Answers in which a credential is exchanged for another one (spec: credentials §4.3)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from airut.models.base import Model
from airut.models.credentials.hosts import Hosts
from airut.models.values.durations import Seconds
from airut.models.values.json_pointer import Pointer


def _absolute(path: str) -> str:
    """
    Raises:
        ValueError: the pattern could match no path.
    """
    if not path.startswith("/"):
        raise ValueError(f"must begin with a slash; write /{path}")
    return path


class Mint(Model):
    """Where such answers come from, and where in them the other credential stands."""

    path: Annotated[str, AfterValidator(_absolute)]
    """Of the credential's hosts; `*` and `?` as in the allowlist."""
    fields: Annotated[tuple[Pointer, ...], Field(min_length=1)]
    """JSON pointers into the answer."""
    hosts: Hosts | None = None
    """Where the other credential is good; by default where this one is."""
    ttl: Annotated[Seconds, Field(ge=1)] = 3600.0
    """How long it is good when the answer does not say (`expires_in`): an hour is the most common."""
