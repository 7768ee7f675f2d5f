"""`airut install-service` and `uninstall-service`; systemd's two commands are scripts that note how they were called."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from airut.cli.main import execute

CONFIG = """\
config_version: 1
state_dir: {state}
repos:
  web:
    url: https://git.example.org/acme/web.git
    agent: {{auth: {{api_key: {{systemd: model}}}}}}
    channels: {{console: {{}}}}
"""
SYSTEMCTL = """\
#!/bin/sh
case "$*" in
  "--user is-system-running") echo running;;
  "--user is-active "*) [ -e {folder}/active ] && echo active || echo inactive;;
  *) echo "systemctl $*" >> {folder}/calls;;
esac
case "$2" in restart) touch {folder}/active;; disable) rm -f {folder}/active;; esac
"""
LOGINCTL = """\
#!/bin/sh
case "$1" in
  show-user) [ -e {folder}/linger ] && echo yes || echo no;;
  *) echo "loginctl $1" >> {folder}/calls; touch {folder}/linger;;
esac
"""


class Machine:
    """A user's home, and what systemd was asked to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = folder / ".config" / "systemd" / "user"
        self.state = folder / "state"
        self.config = folder / "airut.yaml"
        self.config.write_text(CONFIG.format(state=self.state))
        for name, text in (("systemctl", SYSTEMCTL), ("loginctl", LOGINCTL)):
            (script := folder / "bin" / name).parent.mkdir(exist_ok=True)
            script.write_text(text.format(folder=folder))
            script.chmod(0o755)

    def secret(self) -> None:
        (file := self.folder / "credentials" / "model").parent.mkdir(exist_ok=True)
        file.write_text("sk-ant-api03-of-no-use\n")
        file.chmod(0o600)

    def run(self, *words: str) -> int:
        return execute(["--config", str(self.config), *words])

    def calls(self) -> Sequence[str]:
        """Since the last look."""
        file = self.folder / "calls"
        said = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return said


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return Machine(tmp_path)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    def read() -> str:
        found = capsys.readouterr()
        return found.out + found.err

    return read


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


def test_a_credential_without_a_file(machine: Machine, said: Callable[[], str]) -> None:
    assert machine.run("install-service", "--yes") == 3
    assert f"put its value into {machine.folder / 'credentials' / 'model'}" in said()
    assert machine.calls() == []


def test_without_systemd(machine: Machine, said: Callable[[], str]) -> None:
    (machine.folder / "bin" / "systemctl").write_text("#!/bin/sh\necho offline\n")
    for command in ("install-service", "uninstall-service"):
        assert machine.run(command) == 6
        assert said().startswith("no systemd manager of this user is here; keep `airut up` running")
