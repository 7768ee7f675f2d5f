"""Every command in README.md is run by a test: here, or where the table says."""

import os
import re
import subprocess
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
HERE = ("airut init", "airut check", "airut image all", "make demo")
ELSEWHERE = {
    "make demo ARGS=--keep": ("tests/pictures.py", '"airut", "demo", "--keep"'),
    "make test": (".ci/run", "exec make test"),
    "airut image claude": ("scripts/setup", 'for image in base proxy claude; do airut image "$image"'),
    "airut install-service": ("tests/cli/test_service.py", 'machine.run("install-service", "--yes")'),
    "airut init --repo": ("tests/cli/test_init.py", 'execute(["init", "--repo"])'),
    "airut up": ("tests/e2e/test_up.py", "await stage.up()"),
    'airut send --repo web --wait "Add audit logging to the auth service"': (
        "tests/contract/people.py",
        '_airut("send", "--repo=web"',
    ),
    "airut-sandbox run -- make test": ("tests/ci/test_own_tests.py", '"run", "--", *PYTEST'),
}
"""Command → the file that runs it, and the words with which it does."""
WANTS_A_REGISTRY = "uv tool install ."
"""Its packages come from the real network, which no test reaches. What it installs is compared instead."""
LIMIT = 240.0
"""Seconds for each: the demo needs twelve on an idle machine."""


def commands() -> set[str]:
    """Lines after a prompt, and what stands between backquotes and begins like a command of ours."""
    shown = re.findall(r"(?m)^\$ (.*?)(?: +#.*)?$", README)
    said = re.findall(r"`((?:make|airut|airut-sandbox|uv|scripts/\w+) [^`]+)`", README.replace("\n", " "))
    return {*shown, *said}


def test_every_command_is_run_somewhere() -> None:
    assert commands() == {*HERE, *ELSEWHERE, WANTS_A_REGISTRY}


@pytest.mark.parametrize("command", ELSEWHERE)
def test_it_is_run_there(command: str) -> None:
    file, words = ELSEWHERE[command]
    assert words in (ROOT / file).read_text()


def test_what_is_installed_are_the_two_commands() -> None:
    found = {one.name for one in entry_points(group="console_scripts") if one.value.startswith("airut.")}
    assert found == {"airut", "airut-sandbox"}


def ran(command: str, home: Path | None = None) -> tuple[int, str]:
    # The home itself stays: another one has a store of images of its own, whose Podman would answer for ours afterwards.
    own = {"AIRUT_CONFIG": str(home / ".config" / "airut" / "airut.yaml")} if home else {}
    environment = {**os.environ, **own}
    done = subprocess.run(
        command.split(), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def lab() -> None:
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run it as `scripts/lab -- pytest …`")


@pytest.mark.usefixtures("lab")
def test_a_new_user_writes_a_configuration_and_checks_it(tmp_path: Path) -> None:
    code, said = ran("airut init", tmp_path)
    assert (code, (tmp_path / ".config" / "airut" / "airut.yaml").is_file()) == (0, True), said
    code, said = ran("airut check", tmp_path)
    assert code in (0, 1), said  # what the machine lacks is said, and is no fault of ours
    assert re.search(r"(?m)^ok    podman ", said), said
    assert re.search(r"\d+ ok, .*\n\Z", said), said
    assert "socket" not in said  # each of two checks at once has a Podman to ask


@pytest.mark.usefixtures("lab")
def test_the_images_are_made() -> None:
    code, said = ran("airut image all")
    assert code == 0, said
    assert [line.split()[0] for line in said.splitlines()] == ["base", "proxy", "Claude"]


@pytest.mark.usefixtures("lab")
@pytest.mark.timeout(LIMIT + 30)
def test_the_demo_plays() -> None:
    """What `make demo` runs in the lab, as make itself says."""
    recipe = subprocess.run(
        ["make", "--dry-run", "demo"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in ("ANTHROPIC_API_KEY", "MAKEFLAGS")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "scripts/lab --publish 5200 --publish 8233 -- airut demo" in recipe
    code, said = ran("airut demo")
    assert code == 0, said
    for words in ("the reply, as received", "the pull request", "what the sandbox asked for", "done in"):
        assert words in said
