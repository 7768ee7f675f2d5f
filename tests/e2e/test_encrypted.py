"""A whole installation whose Temporal records are encrypted, through a restart with a new key."""

import base64
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.demo.internet import Internet
from airut.demo.script import say
from airut.demo.stage import Stage
from tests.e2e.conversation import Conversation, airut, served

KEYS = {name: base64.b64encode(os.urandom(32)).decode() for name in ("first", "second")}


def encrypt_with(stage: Stage, active: str, *known: str) -> None:
    """Write the keys into `airut.yaml`, as an operator would, and say which one counts from now on."""
    keys = ", ".join(f'{name}: "{KEYS[name]}"' for name in known)
    lines = stage.config_file.read_text().splitlines()
    codec = f"codec: {{enabled: true, active: {active}, keys: {{{keys}}}}}"
    temporal = f"temporal: {{port: {stage.port}, ui_port: {stage.ui_port}, {codec}}}"
    stage.config_file.write_text("\n".join(temporal if line.startswith("temporal:") else line for line in lines))


@pytest.fixture
async def encrypted(tmp_path: Path) -> AsyncIterator[Stage]:
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run `make test`, or scripts/lab -- pytest")
    async with Stage(tmp_path, os.environ, warm=0) as stage:
        encrypt_with(stage, "first", "first")
        await stage.up()
        await served(stage)
        yield stage


async def test_a_conversation_goes_on_with_a_new_key_and_no_word_of_it_is_readable(
    encrypted: Stage, internet: Internet
) -> None:
    asked, answered = (f"canary-{uuid.uuid4().hex}" for _ in range(2))
    conversation = Conversation(encrypted, internet)
    await conversation.plays(say(f"It is {answered}."), say("Still that."))
    code, printed = await airut(conversation, "send", "--repo", "web", "--wait", f"What is {asked}?")
    assert (code, f"It is {answered}." in printed) == (0, True), printed
    thread = printed.splitlines()[0]

    await encrypted.down()
    encrypt_with(encrypted, "second", "first", "second")
    await encrypted.up()
    await served(encrypted)
    code, printed = await airut(conversation, "send", "--repo", "web", "--thread", thread, "--wait", "Sure?")
    assert (code, "Still that." in printed) == (0, True), printed
    code, shown = await airut(conversation, "thread", "show", thread)
    assert (code, "Still that." in shown) == (0, True), shown

    state = encrypted.folder / "state"
    files = [*state.glob("temporal.db*"), *(path for path in (state / "payloads").rglob("*") if path.is_file())]
    recorded = b"".join(path.read_bytes() for path in files)
    assert b"ThreadWorkflow" in recorded
    assert [canary for canary in (asked, answered) if canary.encode() in recorded] == []
