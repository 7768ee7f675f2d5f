"""Credentials: as configured, and as one sandbox gets them (spec: credentials §1)."""

from typing import Annotated, Literal

from pydantic import Field

from airut.models.base import Model
from airut.models.secret import Secret


class Credential(Model):
    """A `token` credential of airut.yaml: the variable holds a surrogate, the proxy swaps in the value."""

    kind: Literal["token"] = "token"
    value: Secret
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    ports: tuple[int, ...] = (443,)
    headers: tuple[str, ...] = ("Authorization",)
    methods: tuple[str, ...] = ()
    foreign: Literal["strip", "block", "allow"] = "strip"


class SandboxCredential(Model):
    """A credential with the surrogate of one thread."""

    name: str
    kind: str = "token"
    surrogate: str
    value: Secret
    hosts: tuple[str, ...]
    ports: tuple[int, ...] = (443,)
    headers: tuple[str, ...] = ("Authorization",)
    methods: tuple[str, ...] = ()
    foreign: Literal["strip", "block", "allow"] = "strip"
