"""The description of the interface: OpenAPI 3.1, made of the pages themselves."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import JSONResponse, Response

from airut.dashboard.pages import Page, Visit
from airut.models.login import Role

_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
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
        parameters = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "integer" if kind == "int" else "string"},
            }
            for name, kind in _PARAMETER.findall(page.path)
        ]
        parameters += [
            {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
            for name, words in operation.query
        ]
        if operation.key:
            parameters.append(
                {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}
            )
        one: dict[str, Any] = {
            "summary": operation.summary,
            "description": f"Role: {page.role}.",
            "parameters": parameters,
            "responses": {
                str(operation.status): _content("application/json", names[operation.answer, "serialization"]),
                "default": {
                    "description": "What went wrong.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        }
        if operation.body is not None:
            one["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": names[operation.body, "validation"]}},
            }
        paths.setdefault(_PARAMETER.sub(r"{\1}", page.path), {})[page.method.lower()] = one
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


def _content(media: str, schema: Any) -> dict[str, Any]:
    return {"description": "As asked for.", "content": {media: {"schema": schema}}}


async def show(visit: Visit) -> Response:
    return JSONResponse(description(visit.all))


PAGES = (Page("/api/v1/openapi.json", show, Role.VIEWER, bare=True),)
