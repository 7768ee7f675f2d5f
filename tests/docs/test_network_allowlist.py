"""What the pages for users say about allowlists is what happens: their files are loaded, their commands run."""

import re
from pathlib import Path

import pytest
import typer.testing

from airut.cli.main import app
from airut.models.policy import allowlist, presets
from airut.models.policy.allowlist import parse_allowlist

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "network-allowlist.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(text: str, language: str) -> list[str]:
    return [body for found, body in BLOCK.findall(text) if found == language]


@pytest.mark.parametrize("text", blocks(PAGE, "yaml"))
def test_every_example_is_a_valid_file(text: str) -> None:
    assert parse_allowlist(text, "f") != parse_allowlist("", "f")


def test_every_member_and_preset_is_named() -> None:
    members = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert set(allowlist.ENTRY_KEYS) <= set(members)
    assert all(f"`{name}`" in PAGE for name in presets.NAMES)


COMMANDS = [
    *blocks(PAGE, "console"),
    *(b for b in blocks((DOCS / "commands.md").read_text(), "console") if "policy" in b),
]
COMMAND = re.compile(r"^\$ airut (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
JOBS = """\


url_prefixes:
  - {host: jobs.example.com, path: /v1/jobs/*, methods: [GET, POST]}
"""


@pytest.mark.parametrize("block", COMMANDS)
def test_every_command_prints_what_is_shown(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout with the page's first file."""
    (tmp_path / ".airut").mkdir()
    (tmp_path / ".airut" / "network-allowlist.yaml").write_text(
        JOBS if "jobs.example" in block else blocks(PAGE, "yaml")[0]
    )
    monkeypatch.chdir(tmp_path)
    runs = COMMAND.findall(block)
    assert runs
    for command, expected in runs:
        assert typer.testing.CliRunner().invoke(app, command.split()).stdout == expected
