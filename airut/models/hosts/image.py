"""The image that a repository's sandboxes run on, as a host has it."""

from datetime import datetime

from airut.models.base import Model


class BuiltImage(Model):
    repo: str
    tag: str
    made_at: datetime
    stands_on: tuple[str, ...] = ()
    """The images that its Dockerfile names, each with the digest that it had then: `debian:12@sha256:…`. Empty where
    the repository has no Dockerfile of its own."""
    open: bool = False
    """Whether it was built without the fence (`build.network: open`)."""
