"""The description of the programs' interface is that of the interface."""

import json

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from airut.dashboard.api.description import description
from airut.dashboard.registry import PAGES
from airut.models.login import Role
from tests.dashboard.api.conftest import Program

DOCUMENT = description(PAGES)


def test_every_page_for_programs_is_described() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    pages = {
        (page.method, page.path.replace(":path}", "}").replace(":int}", "}"))
        for page in PAGES
        if page.path.startswith("/api/") and page.path != "/api/v1/openapi.json"
    }
    assert described == pages


def test_what_it_refers_to_is_there_and_is_a_schema() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    refs = {each.split('"')[0] for each in json.dumps(DOCUMENT).split('"#/components/schemas/')[1:]}
    assert refs <= set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_one_operation_in_full() -> None:
    found = DOCUMENT["paths"]["/api/v1/threads/{id}/messages"]["post"]
    assert found["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    assert found["description"] == "Role: operator."
    assert found["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/NewMessage"}
    assert set(found["responses"]) == {"202", "default"}


async def test_it_is_served(program: Program) -> None:
    answer = await program(Role.VIEWER).get("/api/v1/openapi.json")
    assert answer.json() == json.loads(json.dumps(DOCUMENT))
