"""A command loads what it needs, and no other command's."""

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from airut.cli.lazy import LazyCommands
from airut.cli.main import COMMANDS, app

FOR_FEW = ("podman", "requests", "slack_bolt", "opentelemetry", "airut.temporal.embedded")
ONLY_BECOMES = (*FOR_FEW, "temporalio", "cryptography", "airut.models", "airut.config.schema")
"""A program that another one takes the place of needs none of what that one does."""


@pytest.mark.parametrize(
    ("arguments", "foreign"),
    [
        (["up", "--help"], ONLY_BECOMES),
        (["worker", "host", "--help"], ONLY_BECOMES),
        (["check", "--help"], ONLY_BECOMES),
        (["demo", "--help"], ONLY_BECOMES),
        (["send", "--help"], FOR_FEW),
        (["policy", "check", "--help"], FOR_FEW),
        (["image", "--help"], ("slack_bolt", "opentelemetry", "airut.temporal.embedded")),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else None,
)
def test_what_a_command_does_not_load(arguments: list[str], foreign: tuple[str, ...]) -> None:
    look = (
        "import sys; from airut.cli.main import execute\n"
        f"code = execute({arguments!r}); print(code, [name for name in {foreign!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "0 []"


def test_each_is_named_and_described_in_the_help() -> None:
    shown = CliRunner().invoke(app, ["--help"], terminal_width=200).output
    said = dict(re.findall(r"(?m)^│ ([a-z][a-z-]*) +(\S.*?) *│$", shown))
    assert list(said) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_shows_its_own_help(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert f"airut {name} [OPTIONS]" in shown.output.replace("root", "airut")


def test_a_word_that_is_none_is_answered_with_the_nearest() -> None:
    shown = CliRunner().invoke(app, ["chek"])
    assert (shown.exit_code, "Did you mean 'check'?" in shown.output) == (2, True)


def test_commands_as_a_mapping() -> None:
    commands = LazyCommands({"init": COMMANDS["init"], "host": COMMANDS["host"]})
    assert (list(commands), len(commands), "host" in commands, "none" in commands) == (["init", "host"], 2, True, False)
    assert commands["host"] is commands["host"]
    commands["more"] = commands["init"]
    del commands["init"]
    assert list(commands) == ["host", "more"]
    with pytest.raises(KeyError):
        commands["init"]
