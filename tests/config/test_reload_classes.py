"""Every key does what its class says: what needs a restart stays as it is while a process runs, all else is taken up."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from airut.config.differences import changes, taken_up
from airut.config.key import Form, Key
from airut.config.keys import keys
from airut.config.reload_class import ReloadClass
from airut.config.schema import Config

TOKENS = {"bot_token": "xoxb-1-not-a-real-one", "app_token": "xapp-1-not-a-real-one"}
EMAIL: dict[str, Any] = {
    "account": {"username": "bot", "password": "hunter2-secret", "from": "bot@example.com"},
    "imap": {"host": "mail.example.com"},
    "smtp": {"host": "mail.example.com", "sent_folder": "Sent"},
    "auth": {"trusted_authserv_id": ["mx"], "authorized_senders": ["*@example.com"]},
}
REPO: dict[str, Any] = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}, "email": EMAIL, "slack": {**TOKENS, "authorized": [{"workspace_members": True}]}},
    "agent": {"auth": {"api_key": "sk-ant-api03-not-a-real-one"}, "mcp_servers": {"notes": {"command": "notes"}}},
    "schedules": {"nightly": {"cron": "0 3 * * *", "prompt": "Look.", "deliver": {"email": ["a@example.com"]}}},
}
BASE: dict[str, Any] = {"config_version": 1, "repos": {"web": REPO}}
WORDS = (
    "other",
    "/other",
    "https://other.example.com",
    "other@example.com",
    "UTC",
    "Europe/Berlin",
    "10.77.0.0/16",
    "U77",
)


def candidates(key: Key) -> Iterator[object]:
    """Values that may be another than the key has."""
    low, high = key.minimum, key.maximum
    match key.form:
        case Form.BOOLEAN:
            yield from (True, False)
        case Form.CHOICE:
            yield from map(yaml.safe_load, key.choices)
        case Form.INTEGER | Form.NUMBER | Form.DURATION | Form.SIZE | Form.SHARE:
            bounds = [bound for bound in (low, high) if bound is not None]
            yield from (int(bound) + step for bound in bounds for step in (0, 1, -1))
            yield from (0.3, 77, 3600, 7777, 200 * 1024**2)
        case Form.LIST:
            yield from ([word] for word in WORDS)
            yield from ([], ["#other"], [8443])
        case Form.MAP:
            yield from ({}, {"OTHER": "x"}, {"presets": ["npm"]})
        case _:
            yield from WORDS


def put(text: str, path: list[str], value: object) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(text)
    at = made
    for part in path[:-1]:
        at = at.setdefault(part, {})
    at[path[-1]] = value
    return made


def leaves() -> list[Key]:
    """Keys with a value of their own that stand in the file of this test, or may."""
    kinds = {Form.SECTION, Form.ANY, Form.SECRET}
    found = [key for key in keys() if key.form not in kinds and key.variant is None and "[]" not in key.path]
    maps = ("repos.<name>.credentials", "temporal.codec.keys.", "build.allowlist.", "vars")
    return [key for key in found if not any(part in key.path for part in maps) and not key.path.endswith("<name>")]


def place(key: Key) -> list[str]:
    ours = {"repos": "web", "schedules": "nightly", "mcp_servers": "notes"}
    path = key.path
    for map_, name in ours.items():
        path = path.replace(f"{map_}.<name>", f"{map_}.{name}")
    return path.split(".")


def changed(before: Config, key: Key) -> Config | None:
    """The configuration with another value at the key, as far as one of ours is valid there."""
    for value in candidates(key):
        try:
            after = Config.model_validate(put(json.dumps(BASE), place(key), value))
        except ValidationError:
            continue
        if changes(before, after):
            return after
    return None


def test_each_key_is_of_its_class() -> None:
    before, tried, told = Config.model_validate(BASE), 0, list[str]()
    for key in leaves():
        if (after := changed(before, key)) is None:
            told.append(key.path)
            continue
        tried += 1
        found = {change.reload for change in changes(before, after)}
        assert found == {key.reload}, key.path
        taken = taken_up(before, after)
        expected = before if key.reload is ReloadClass.RESTART else after
        assert taken.model_dump() == expected.model_dump(), key.path
        assert bool(changes(taken, after)) is (key.reload is ReloadClass.RESTART), key.path
    # For these the values above are not valid alone, or there is one value only.
    assert len(told) < 30, told
    assert tried > 150


@pytest.mark.parametrize("path", ["repos", "repos.<name>.channels", "repos.<name>.schedules"])
def test_what_comes_and_goes_is_the_listeners(path: str) -> None:
    (found,) = (key for key in keys() if key.path == path)
    assert found.reload is ReloadClass.CHANNEL
