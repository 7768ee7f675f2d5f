"""What `airut.yaml` says of image builds: what their steps may fetch, and which images they may stand on."""

from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, Field

from airut.config.paths import RepositoryPath
from airut.config.reload_class import ReloadClass
from airut.models.base import Model
from airut.models.hosts.build import ALLOWLIST_KEY, CONTAINER
from airut.models.policy.allowlist import parse_allowlist
from airut.models.values.durations import or_none, parse_duration
from airut.models.values.located import PolicyErrors


def as_text(allowlist: dict[str, object]) -> str | None:
    """In the form that repositories have it; None where it says nothing."""
    return yaml.safe_dump(allowlist, sort_keys=False) if allowlist else None


def _valid(allowlist: dict[str, object]) -> dict[str, object]:
    try:
        parse_allowlist(as_text(allowlist) or "", ALLOWLIST_KEY)
    except PolicyErrors as error:
        # Without their lines, which would be those of a text that nobody wrote.
        told = (
            f"{found.path}: {found.problem}" + (f" ({found.remedy})" if found.remedy else "")
            for found in error.problems
        )
        raise ValueError("; ".join(told)) from error
    return allowlist


BuildAllowlist = Annotated[dict[str, object], AfterValidator(_valid)]
"""In the language of `.airut/network-allowlist.yaml`. `presets`, when it is there, replaces those that builds have."""


class BuildSettings(Model):
    """For all repositories."""

    parallel: Annotated[int, ReloadClass.RESTART, Field(ge=1, le=16)] = 2
    """Builds at once on one host."""
    allowlist: BuildAllowlist = {}
    """What the steps of a build reach."""


class RepoBuildSettings(Model):
    """For one. Only here can its builds be given the host's way to the network."""

    network: Literal["proxied", "open"] = "proxied"
    """`open` takes the fence away from this repository's builds."""
    allowlist: BuildAllowlist = {}
    """In place of the one for all."""


AUTO = "auto"


class ContainerSettings(Model):
    path: RepositoryPath = CONTAINER
    """The folder in the repository that the image is built from, as it stands on the default branch."""
    base: Annotated[str, Field(pattern=r"^[a-z0-9][A-Za-z0-9._/:@-]{0,250}$")] = AUTO
    """What a repository without such a folder has: `auto` is the image that `airut image base` makes of Debian's
    packages, which needs no registry; else an image by its name, as FROM would have it."""
    max_age: Annotated[Annotated[float, Field(ge=3600)] | None, or_none("never", parse_duration)] = 86400.0
    """From then on an image is built anew, without what earlier builds have left, while the old one is used."""
    registries: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Those that FROM may name; empty is all of them."""
