"""The hosts that a credential is meant for."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field


def _named(host: str) -> str:
    """
    Raises:
        ValueError: the pattern names no host at all.
    """
    if not re.search(r"[A-Za-z0-9]", host):
        raise ValueError(f"{host} would give the value to every host; name the hosts that need it")
    return host


Hosts = Annotated[tuple[Annotated[str, AfterValidator(_named)], ...], Field(min_length=1)]
