"""GitHub's own OpenAPI description as a judge: does this request, or this answer, look like GitHub's?

The file is in the npm package `@octokit/openapi` (`generated/api.github.com.json`); AIRUT_GITHUB_OPENAPI names it.
`jsonschema` is a development dependency, so it is imported only when there is a file to judge by.
"""

import importlib
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

Document = dict[str, Any]
"""A piece of the description: JSON whose shape only its own schema knows."""

VARIABLE = "AIRUT_GITHUB_OPENAPI"


class GitHubSchema:
    """Judges by one description. Schemas are translated from OpenAPI 3.0 to JSON Schema when first needed."""

    def __init__(self, description: Document) -> None:
        self._description = description
        self._validators: dict[str, Any] = {}

    @classmethod
    def from_environment(cls) -> Self | None:
        """The judge that the environment names, None without one."""
        path = os.environ.get(VARIABLE)
        return cls(_description(Path(path))) if path else None

    def check_request(
        self, method: str, template: str, variables: Mapping[str, str], query: Mapping[str, str], body: object
    ) -> list[str]:
        """What is wrong with a request, in words; nothing if it is as described."""
        operation = self._operation(method, template)
        parameters = [self._resolved(parameter) for parameter in operation.get("parameters", [])]
        given = {"path": dict(variables), "query": dict(query)}
        problems = [f"unknown query parameter {name!r}" for name in query if ("query", name) not in _places(parameters)]
        for parameter in parameters:
            name, values = parameter["name"], given.get(parameter["in"], {})
            if name in values:
                problems += self._check(_typed(values[name], self._resolved(parameter["schema"])), parameter["schema"])
            elif parameter.get("required"):
                problems.append(f"missing {parameter['in']} parameter {name!r}")
        described = self._resolved(operation.get("requestBody", {}))
        if body is None:
            return [*problems, *(["missing body"] if described.get("required") else [])]
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return [*problems, "a body where none is described"]
        allowed = self._resolved(schema).get("properties")
        if allowed is not None and isinstance(body, dict):
            problems += [f"unknown field {name!r}" for name in body if name not in allowed]
        return problems + self._check(body, schema)

    def check_response(self, method: str, template: str, status: int, body: object) -> list[str]:
        """What is wrong with a JSON answer. Failures that GitHub gives everywhere (401, 403…) are basic errors."""
        responses = self._operation(method, template)["responses"]
        if str(status) not in responses:
            basic = {"$ref": "#/components/schemas/basic-error"}
            return self._check(body, basic) if status >= 400 else [f"status {status} is not described"]
        content = self._resolved(responses[str(status)]).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            return ["a body where none is described"] if body is not None and status < 400 else []
        return self._check(body, schema)

    def _operation(self, method: str, template: str) -> Document:
        operation: Document = self._description["paths"][template][method.lower()]
        return operation

    def _resolved(self, part: Document) -> Document:
        while "$ref" in part:
            place: Any = self._description
            for step in part["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            part = place
        return part

    def _check(self, value: object, schema: Document) -> list[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = self._validator(schema)
        errors = sorted(self._validators[key].iter_errors(value), key=lambda error: str(error.json_path))
        return [f"{error.json_path}: {error.message[:300]}" for error in errors]

    def _validator(self, schema: Document) -> Any:
        wanted: dict[str, Document] = {}
        self._collect(schema, wanted)
        root = {**_translated(schema), "components": {"schemas": {name: _translated(s) for name, s in wanted.items()}}}
        return importlib.import_module("jsonschema").Draft202012Validator(root)

    def _collect(self, part: object, wanted: dict[str, Document]) -> None:
        """The schemas that this one leads to: a few dozen of some nine hundred."""
        for reference in _references(part):
            name = reference.rsplit("/", 1)[1]
            if name not in wanted:
                wanted[name] = self._description["components"]["schemas"][name]
                self._collect(wanted[name], wanted)


@cache
def _description(path: Path) -> Document:
    """The description, read once a process: it is 13 MB."""
    document: Document = json.loads(path.read_bytes())
    return document


def _places(parameters: list[Document]) -> set[tuple[str, str]]:
    return {(parameter["in"], parameter["name"]) for parameter in parameters}


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for name, inner in part.items():
            if name not in ("example", "examples"):
                yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _translated(part: Any) -> Any:
    """OpenAPI 3.0 → JSON Schema: `nullable` becomes a choice (OAS 3.0.3 §4.7.24), examples go."""
    if isinstance(part, list):
        return [_translated(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    schema = {name: _translated(inner) for name, inner in part.items() if name not in ("example", "examples")}
    # A property may itself be called "nullable": then its value is a schema, not a flag.
    if schema.get("nullable") is True:
        del schema["nullable"]
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _typed(text: str, schema: Document) -> object:
    """A query or path value as the type that its schema names."""
    try:
        if schema.get("type") == "integer":
            return int(text)
        if schema.get("type") == "boolean":
            return {"true": True, "false": False}[text]
    except (ValueError, KeyError):
        pass
    return text
