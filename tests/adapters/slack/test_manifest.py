"""The app asks for what the code needs, and for nothing else."""

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from airut.adapters.slack.manifest import EVENTS, SCOPES, manifest
from airut.cli.main import app

SOURCES = [*Path("airut/adapters/slack").rglob("*.py"), *Path("signals/slack").glob("*.py")]
KINDS = ("channels", "groups", "im", "mpim")
NEEDED = {
    "auth_test": set[str](),
    "assistant_threads_setStatus": {"assistant:write"},
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "assistant_threads_setTitle": {"assistant:write"},
    "chat_postMessage": {"chat:write"},
    "views_open": set[str](),
    "chat_update": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "conversations_history": {f"{kind}:history" for kind in KINDS},
    "conversations_info": {f"{kind}:read" for kind in KINDS},
    "conversations_list": {"channels:read"},
    "conversations_replies": {f"{kind}:history" for kind in KINDS},
    "users_conversations": {f"{kind}:read" for kind in KINDS},
    "users_info": {"users:read"},
    "usergroups_list": {"usergroups:read"},
    "usergroups_users_list": {"usergroups:read"},
    "reactions_add": {"reactions:write"},
    "reactions_remove": {"reactions:write"},
    "files_completeUploadExternal": {"files:write"},
    "files_getUploadURLExternal": {"files:write"},
    "files_info": {"files:read"},
}
"""By method, as https://docs.slack.dev/reference/methods gives them."""


def test_scopes_are_those_of_the_methods_that_are_called() -> None:
    called = {name for path in SOURCES for name in re.findall(r"(?<!sdk\.)web\.([a-z]+_\w+)", path.read_text())}
    assert called == set(NEEDED)
    assert set().union(*NEEDED.values()) | {"app_mentions:read"} == set(SCOPES)


def test_events_are_those_that_are_handled() -> None:
    assert {event.partition(".")[2] for event in EVENTS if event.startswith("message.")} == set(KINDS)
    assert {event for event in EVENTS if not event.startswith("message.")} == {
        "app_mention",
        "assistant_thread_context_changed",
        "assistant_thread_started",
    }
    assert "assistant_view" in manifest("Robot")["features"]


def test_the_command_prints_it() -> None:
    result = CliRunner().invoke(app, ["slack", "manifest", "--name", "Robot"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, manifest("Robot"))


def test_the_manifest_in_the_documentation_is_this_one() -> None:
    assert json.loads(Path("docs/slack-manifest.json").read_text()) == manifest("Airut")
