"""The one base class of everything that crosses a seam: frozen, strict about unknown keys, cheap to compare."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A value. Fields are only ever added with a default, since histories of running threads hold older ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")
