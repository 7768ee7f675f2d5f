"""The pages that are made of the schema say what it says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has no types

from airut.config import reference
from airut.config.json_schema import json_schema
from airut.config.key import Form
from airut.config.keys import keys
from airut.config.skeleton import skeleton

ROOT = Path(__file__).parents[2]
AGAIN = "`python -m airut.config.reference` writes it anew"
README = (ROOT / "README.md").read_text()


class _Tags(yaml.SafeLoader):
    """As an editor reads: what a tag stands for is text."""


_Tags.add_multi_constructor("!", lambda _, __, node: str(node.value))


def faults(text: str) -> list[str]:
    found = Draft7Validator(json_schema()).iter_errors(yaml.load(text, _Tags))  # a SafeLoader
    return sorted("/".join(map(str, fault.absolute_path)) for fault in found)


def test_the_page_and_the_schema_are_up_to_date() -> None:
    assert (ROOT / reference.PAGE).read_text() == reference.reference(), AGAIN
    assert (ROOT / reference.SCHEMA).read_text() == reference.schema_text(), AGAIN


def test_the_page_has_every_key() -> None:
    page = reference.reference()
    named = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    below = [key for key in keys() if "." in key.path and not key.path.endswith(("[]", "<name>"))]
    assert {key.name for key in below} <= named
    assert all(f"`{key.path}`" in page for key in keys() if key.form is Form.SECTION and key.path.count(".") < 2)


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0], skeleton()])
def test_an_editor_takes_what_we_take(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config_version: 1\nlimits: {memory: unlimited, time: !env TIME, pids: 5}", ["limits/pids"]),
        ("config_version: 1\nlimits: {memory: 8g, host_sandboxes: null, cpus: 0}", ["limits/cpus"]),
        ("limitz: {}", ["", ""]),
        ("config_version: 1\nsandbox: {profile: host}", ["sandbox/profile"]),
        ("config_version: 1\ntemporal: {codec: {keys: {a b: x}}}", ["temporal/codec/keys"]),
        ("config_version: 1\nrepos: {web: {}}", ["repos/web"] * 3),
    ],
)
def test_an_editor_marks_what_cannot_be(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


def test_every_kind_of_value_in_the_schema() -> None:
    properties: dict[str, Any] = json_schema()["properties"]
    limits = properties["limits"]["properties"]
    memory = {"type": ["string", "integer"], "minimum": 32 * 1024**2}
    assert limits["memory"]["anyOf"] == [memory, {"enum": ["unlimited"]}]
    assert limits["memory"]["default"] == "8g"
    assert limits["enforce"]["enum"] == ["strict", "best_effort"]
    credentials = properties["repos"]["additionalProperties"]["properties"]["credentials"]["additionalProperties"]
    assert [option["required"] for option in credentials["anyOf"]] == [
        ["value", "hosts"],
        ["kind", "access_key_id", "secret_access_key", "hosts"],
        ["kind", "app_id", "installation_id", "private_key"],
    ]
