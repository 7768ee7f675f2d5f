"""`airut update` from a folder of wheels. The new version is a package of a few lines that says what a real one would;
systemd's command is a script, which says `failed` where that package is meant to fail."""

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from airut.cli.main import execute
from airut.operations.environments import Environments
from airut.operations.update import watching
from tests.support.user_service import Machine

STANDS_IN = """\
import sys
def main():
    word = "replay" if "replay" in sys.argv else "check"
    code, text = {answers!r}[word]
    print(text)
    sys.exit(code)
"""
CHECKED = (0, json.dumps({"version": 1, "state": "ok", "findings": []}))
REPLAYED = (0, json.dumps({"version": 1, "deterministic": True, "runs": []}))
DIFFERS = (
    1,
    json.dumps(
        {
            "version": 1,
            "deterministic": False,
            "runs": [
                {
                    "workflow": "web/mail/b",
                    "run": "r1",
                    "events": 9,
                    "difference": {"event": 7, "kind": "TimerStarted", "said": "it should be an activity"},
                }
            ],
        }
    ),
)
BROKEN = {"check": "web imap", "state": "fail", "says": "login refused", "remedy": "correct it", "fix": []}
FAILS = (1, json.dumps({"version": 1, "state": "fail", "findings": [BROKEN]}))


def wheel(folder: Path, version: str, answers: dict[str, tuple[int, str]] | None = None, note: str = "") -> None:
    """A package of that version, as an index would have it."""
    folder.mkdir(exist_ok=True)
    about = f"airut_temporal-{version}.dist-info"
    texts = {
        "airut_stands_in.py": STANDS_IN.format(answers={"check": CHECKED, "replay": REPLAYED} | (answers or {}))
        + f"# {note}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: airut-temporal\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\nairut = airut_stands_in:main\n",
    }
    texts[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in (*texts, f"{about}/RECORD"))
    with zipfile.ZipFile(folder / f"airut_temporal-{version}-py3-none-any.whl", "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)


@pytest.fixture
def wheels(machine: Machine, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Beside an installed service of the present version."""
    for name, seconds in (("STAYS_UP", 0.2), ("LOOK", 0.05)):  # a minute would only make it slow
        monkeypatch.setattr(watching, name, seconds)
    machine.secret()
    assert machine.run("install-service", "--yes") == 0
    link = machine.folder / ".local/share/airut/current"
    state = f'grep -qs "# BROKEN" {link}/lib/python3*/site-packages/airut_stands_in.py && echo failed || echo active'
    script = machine.folder / "bin" / "systemctl"
    script.write_text(script.read_text().replace('case "$*" in\n', f'case "$*" in\n  *is-active*) {state};;\n', 1))
    said(), machine.calls()
    return machine.folder / "wheels"


def present() -> Path | None:
    return Environments().current


def test_to_a_version_that_goes_on_with_everything(
    machine: Machine,
    said: Callable[[], str],
    wheels: Path,
) -> None:
    wheel(wheels, "9.9.0")
    code, printed = machine.run("update", "--find-links", str(wheels)), said()
    target = present()
    assert (code, target is not None) == (0, True), printed
    assert target is not None
    assert target.parent == machine.folder / ".local/share/airut/versions"
    assert printed.splitlines() == [
        f"Airut 9.9.0 is in {target}",
        "checked; recent and open histories replay",
        "switched from 0.1.0; agents run on",
        "it is up; watching it for 0 s",
        "Airut 9.9.0 runs; `airut update --to 0.1.0` is the way back",
    ]
    assert [call for call in machine.calls() if "show" not in call] == [
        "systemctl --user restart airut.service --no-block"
    ]
    entry = json.loads((machine.state / "audit.jsonl").read_text().splitlines()[-1])
    assert (entry["action"], entry["object"], entry["detail"]) == ("update.installed", "9.9.0", {"before": "0.1.0"})
    assert machine.run("update", "--find-links", str(wheels)) == 0
    assert said() == "Airut 9.9.0 runs already\n"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            {"replay": DIFFERS},
            "fail  web/mail/b (run r1) differs at event 7 (TimerStarted): it should be an activity\n"
            "nothing was changed: Airut 9.9.0 cannot go on with what is open\n",
        ),
        (
            {"check": FAILS},
            "fail  web imap: login refused → correct it\n"
            "nothing was changed: with Airut 9.9.0 something would fail; --force goes on all the same\n",
        ),
    ],
)
def test_one_that_is_refused(
    machine: Machine,
    said: Callable[[], str],
    wheels: Path,
    answers: dict[str, tuple[int, str]],
    words: str,
) -> None:
    wheel(wheels, "9.9.0", answers)
    assert machine.run("update", "--find-links", str(wheels)) == 6
    assert said().endswith(words)
    assert (present(), machine.calls()) == (Path(sys.prefix).resolve(), [])
    assert list((machine.folder / ".local/share/airut/versions").iterdir()) == []


def test_what_is_open_is_never_risked(machine: Machine, said: Callable[[], str], wheels: Path) -> None:
    wheel(wheels, "9.9.0", {"check": FAILS, "replay": DIFFERS})
    assert machine.run("update", "--find-links", str(wheels), "--force") == 6
    assert present() == Path(sys.prefix).resolve()


def test_one_that_does_not_stay_up_is_taken_back(
    machine: Machine,
    said: Callable[[], str],
    wheels: Path,
) -> None:
    wheel(wheels, "9.9.0", note="BROKEN")
    assert machine.run("update", "--find-links", str(wheels)) == 1
    assert said().endswith(
        "the service does not come up (failed): back to 0.1.0\n"
        "Airut 9.9.0 was taken back: the service does not come up (failed). journalctl --user -u airut.service says why; "
        "0.1.0 runs again\n"
    )
    assert present() == Path(sys.prefix).resolve()
    restart = "systemctl --user restart airut.service --no-block"
    assert [call for call in machine.calls() if "show" not in call] == [restart, restart]
    assert list((machine.folder / ".local/share/airut/versions").iterdir()) == []


def test_without_a_service(machine: Machine, said: Callable[[], str]) -> None:
    machine.secret()
    assert execute(["--config", str(machine.config), "update"]) == 6
    assert said().startswith("no service is installed here: `airut install-service`")
