"""What stands below the fields of a settings model: the texts of documentation and forms."""

import ast
import inspect
import textwrap
from functools import cache

from pydantic import BaseModel


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The docstring of each field that has one, also of those that it inherits; each on one line."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _own_docs(base)
    return found


def model_doc(model: type[BaseModel]) -> str:
    """The docstring of the model itself, on one line."""
    return _on_one_line(model.__dict__.get("__doc__") or "")


def _own_docs(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = _on_one_line(text)
            case _:
                pass
    return found


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
