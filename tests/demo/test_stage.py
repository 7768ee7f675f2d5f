"""The stage's configuration, for each way to reach a model."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from airut.demo.stage import MODEL_KEYS, Stage

API_KEY, TOKEN = "sk-ant-api03-real", "sk-ant-oat01-real"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Directly below the system's: the mail server's own user cannot enter pytest's."""
    made = Path(tempfile.mkdtemp(prefix="airut-stage-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize(
    ("environment", "api_key", "oauth_token"),
    [
        ({"ANTHROPIC_API_KEY": API_KEY}, API_KEY, None),
        ({"CLAUDE_CODE_OAUTH_TOKEN": TOKEN}, None, TOKEN),
        ({"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": TOKEN}, None, TOKEN),
        ({"ANTHROPIC_API_KEY": API_KEY, "CLAUDE_CODE_OAUTH_TOKEN": TOKEN}, API_KEY, None),
    ],
)
async def test_a_real_credential_is_configured_as_what_it_is(
    folder: Path, environment: dict[str, str], api_key: str | None, oauth_token: str | None
) -> None:
    if not shutil.which("dovecot", path="/usr/sbin:/usr/bin"):
        pytest.skip("dovecot is not installed (scripts/setup installs it)")
    async with Stage(folder, {**os.environ, **dict.fromkeys(MODEL_KEYS.values(), ""), **environment}) as stage:
        auth = stage.config.repos["web"].agent.auth
    assert (auth.api_key and auth.api_key.reveal()) == api_key
    assert (auth.oauth_token and auth.oauth_token.reveal()) == oauth_token
    assert stage.model_key == (api_key or oauth_token)


def test_without_one_a_key_is_made_up(folder: Path) -> None:
    first, second = Stage(folder, {}).model_key, Stage(folder, {}).model_key
    assert first.startswith("sk-ant-api03-")
    assert first != second
