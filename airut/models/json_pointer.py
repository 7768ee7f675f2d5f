"""JSON pointers (RFC 6901), in which `*` stands for each element of a list and each member of an object."""

from typing import Annotated

from pydantic import Field

Pointer = Annotated[str, Field(pattern=r"^(?:/(?:[^~/]|~[01])*)*$")]
