"""JSON pointers (RFC 6901), in which `*` stands for each element of a list and each member of an object."""

import re
from typing import Annotated

from pydantic import AfterValidator

_FORM = re.compile(r"(?:/(?:[^~/]|~[01])*)*\Z")


def _pointer(text: str) -> str:
    """
    Raises:
        ValueError: the text has not the form of one.
    """
    if not _FORM.match(text):
        raise ValueError(f"{text} is no JSON pointer; write /{text.lstrip('/').replace('~', '~0')}, for instance")
    return text


Pointer = Annotated[str, AfterValidator(_pointer)]
