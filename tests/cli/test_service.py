"""`airut install-service` and `uninstall-service`; systemd's two commands are scripts that note how they were called."""

import sys
from collections.abc import Callable
from pathlib import Path

from airut.adapters.claude_code.binary import VERSION
from airut.cli.adapters import claude_binaries
from tests.support.user_service import Machine


def test_twice_is_once(machine: Machine, said: Callable[[], str]) -> None:
    machine.secret()
    assert machine.run("install-service", "--yes") == 0
    started = "airut.service is started; systemctl --user status airut.service"
    assert said().splitlines() == [started, "it runs also while you are not logged in"]
    assert machine.calls() == [
        "systemctl --user daemon-reload",
        "systemctl --user enable airut.service",
        "systemctl --user restart --no-block airut.service",
        "loginctl enable-linger",
    ]
    text = (machine.units / "airut.service").read_text()
    airut = machine.folder / ".local/share/airut/current/bin/airut"
    assert f"\nExecStart={airut} --config {machine.config} up\n" in text
    assert f"\nLoadCredential=model:{machine.folder / 'credentials' / 'model'}\n" in text
    assert airut.parents[1].resolve() == Path(sys.prefix).resolve()
    assert machine.run("install-service", "--yes") == 0
    assert said() == "airut.service runs, and nothing has changed; systemctl --user status airut.service\n"
    assert machine.calls() == ["systemctl --user daemon-reload", "systemctl --user enable airut.service"]


def test_a_unit_that_was_changed_is_shown_and_not_replaced_unasked(machine: Machine, said: Callable[[], str]) -> None:
    machine.secret()
    machine.run("install-service", "--yes")
    unit = machine.units / "airut.service"
    ours = unit.read_text()
    unit.write_text(ours.replace("RestartSec=2", "RestartSec=99"))
    said(), machine.calls()
    assert machine.run("install-service") == 6
    assert "-RestartSec=99\n+RestartSec=2\n" in (words := said())
    assert words.endswith("nothing was changed; --yes answers the question\n")
    assert (machine.calls(), "RestartSec=99" in unit.read_text()) == ([], True)
    assert machine.run("install-service", "--yes") == 0
    assert unit.read_text() == ours


def test_from_one_unit_to_many_and_away(machine: Machine, said: Callable[[], str]) -> None:
    machine.secret()
    machine.run("install-service", "--yes")
    machine.calls()
    assert machine.run("install-service", "--split", "--yes") == 0
    assert machine.calls()[:3] == [
        "systemctl --user disable --now airut.service",
        "systemctl --user daemon-reload",
        "systemctl --user enable airut.target",
    ]
    assert sorted(path.name for path in machine.units.iterdir()) == [
        "airut-control.service",
        "airut-dashboard.service",
        "airut-host.service",
        "airut-intake.service",
        "airut-temporal.service",
        "airut.target",
    ]
    server = (machine.units / "airut-temporal.service").read_text()
    assert f"\nExecStart={machine.folder / '.local/share/airut/current/bin/temporal'} server start-dev" in server
    machine.state.mkdir()
    said()
    assert machine.run("uninstall-service") == 0
    assert said().splitlines()[1:] == [f"data stay in {machine.state}, the configuration in {machine.config}"]
    assert (list(machine.units.iterdir()), machine.state.exists()) == ([], True)
    assert machine.calls()[0] == "systemctl --user disable --now airut.target"
    assert machine.run("uninstall-service") == 0
    assert said().startswith("no unit of Airut is installed\n")


def test_without_a_configuration_its_dashboard_asks_for_one(machine: Machine, said: Callable[[], str]) -> None:
    machine.config.unlink()
    assert machine.run("install-service", "--yes", "--split") == 6
    assert f"--split needs a configuration, and {machine.config} is not there; `airut init` writes one" in said()
    assert machine.run("install-service", "--yes") == 0
    assert said().splitlines()[2:] == ["open http://127.0.0.1:5200, which asks for what the first repository needs"]
    assert f" --config {machine.config} up\n" in (machine.units / "airut.service").read_text()
    assert not machine.config.exists()


def test_what_sandboxes_are_made_of_comes_with_it(machine: Machine, said: Callable[[], str]) -> None:
    machine.secret()
    (podman := machine.folder / "bin" / "podman").write_text("#!/bin/sh\necho no such kernel >&2\nexit 1\n")
    podman.chmod(0o755)
    (claude := claude_binaries().path()).parent.mkdir(parents=True)
    claude.touch()
    assert machine.run("install-service", "--yes", "--images") == 0  # it is installed all the same
    words = said().splitlines()
    assert f"Claude Code {VERSION} is at {claude}" in words
    assert [line.partition(":")[0] for line in words if line.startswith("airut image")] == ["airut image"] * 2
    assert words[-1] == "no task can begin before that is there; `airut image all` makes what is missing"


def test_a_credential_without_a_file(machine: Machine, said: Callable[[], str]) -> None:
    assert machine.run("install-service", "--yes") == 3
    assert f"put its value into {machine.folder / 'credentials' / 'model'}" in said()
    assert machine.calls() == []


def test_without_systemd(machine: Machine, said: Callable[[], str]) -> None:
    (machine.folder / "bin" / "systemctl").write_text("#!/bin/sh\necho offline\n")
    for command in ("install-service", "uninstall-service"):
        assert machine.run(command) == 6
        assert said().startswith("no systemd manager of this user is here; keep `airut up` running")
