"""The description of the interface: OpenAPI 3.1, made of the pages themselves."""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse, Response

from airut.dashboard.operation import Operation
from airut.dashboard.pages import Page, Visit
from airut.models.login import Role

_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
type Schemas = Mapping[Any, Any]
"""Each model's schema, by it and by whether it is read or written."""
REF = "#/components/schemas/{model}"

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
}


def description(pages: Iterable[Page]) -> dict[str, Any]:
    """Pure: the whole document."""
    described = [(page, page.api) for page in pages if page.api is not None]
    models: list[tuple[type[BaseModel], Any]] = [(operation.answer, "serialization") for _, operation in described]
    models += [(operation.body, "validation") for _, operation in described if operation.body is not None]
    names, schemas = models_json_schema(list(dict.fromkeys(models)), ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for page, operation in described:
        path = _PARAMETER.sub(r"{\1}", page.path)
        paths.setdefault(path, {})[page.method.lower()] = _operation(page, operation, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Airut", "version": version("airut-temporal")},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas.get("$defs", {}), "Problem": PROBLEM},
        },
    }


def _operation(page: Page, operation: Operation, names: Schemas) -> dict[str, Any]:
    one: dict[str, Any] = {
        "summary": operation.summary,
        "description": f"Role: {page.role}.",
        "parameters": _parameters(page.path, operation),
        "responses": {
            str(operation.status): _content("application/json", names[operation.answer, "serialization"]),
            "default": {
                "description": "What went wrong.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    if operation.body is not None:
        schema = names[operation.body, "validation"]
        one["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return one


def _parameters(path: str, operation: Operation) -> list[dict[str, Any]]:
    """Of the path, of the query, and the header by which an order that comes twice counts once."""
    kinds = {"int": "integer"}
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": kinds.get(kind, "string")}}
        for name, kind in _PARAMETER.findall(path)
    ]
    found += [
        {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
        for name, words in operation.query
    ]
    if operation.key:
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}})
    return found


def _content(media: str, schema: Any) -> dict[str, Any]:
    return {"description": "As asked for.", "content": {media: {"schema": schema}}}


async def show(visit: Visit) -> Response:
    return JSONResponse(description(visit.all))


PAGES = (Page("/api/v1/openapi.json", show, Role.VIEWER, bare=True),)
