"""The exact text of unit files, and what systemd says of them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from airut.operations.service.units import CAREFUL, Installation, one, quoted, split

HOME = Path("/home/ann")
HERE = Installation(
    airut=HOME / ".local/share/airut/current/bin/airut",
    config=HOME / ".config/airut/airut.yaml",
    state=HOME / ".local/state/airut",
    writable=(HOME / ".config/airut",),
    credentials={"mail": HOME / ".config/airut/credentials/mail"},
    server=("/home/ann/t/temporal", "server", "start-dev", "--db-filename", "/home/ann/a b.db"),
)
ONE = """\
[Unit]
Description=Airut
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
TimeoutStartSec=infinity
WatchdogSec=60
ExecStart=/home/ann/.local/share/airut/current/bin/airut --config /home/ann/.config/airut/airut.yaml up
ExecReload=kill -HUP $MAINPID
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=180
UMask=0077
LimitCORE=0
LoadCredential=mail:/home/ann/.config/airut/credentials/mail

[Install]
WantedBy=default.target
"""
TARGET = """\
[Unit]
Description=Airut
Wants=airut-temporal.service
Wants=airut-control.service
Wants=airut-host.service
Wants=airut-intake.service
Wants=airut-dashboard.service

[Install]
WantedBy=default.target
"""
TEMPORAL = f"""\
[Unit]
Description=Airut: Temporal
PartOf=airut.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/home/ann/t/temporal server start-dev --db-filename "/home/ann/a b.db"
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=180
UMask=0077
LimitCORE=0
{CAREFUL}ReadWritePaths=-/home/ann/.config/airut
ReadWritePaths=-/home/ann/.local/state/airut
"""
HOST = ONE.replace("Description=Airut\n", "Description=Airut: sandboxes\nPartOf=airut.target\nWants=airut-temporal.service\nAfter=airut-temporal.service\n").replace(
    "airut.yaml up", "airut.yaml worker host"
).replace("\n[Install]\nWantedBy=default.target\n", "")  # fmt: skip


def test_one_unit() -> None:
    assert one(HERE) == {"airut.service": ONE}


def test_a_unit_for_each_process() -> None:
    units = split(HERE)
    assert list(units) == [
        "airut-temporal.service",
        "airut-dashboard.service",
        "airut-control.service",
        "airut-host.service",
        "airut-intake.service",
        "airut.target",
    ]
    assert (units["airut.target"], units["airut-temporal.service"]) == (TARGET, TEMPORAL)
    assert units["airut-host.service"] == HOST  # it starts Podman, whose id mapping needs what hardening takes away
    for name in ("control", "intake", "dashboard"):
        assert CAREFUL in units[f"airut-{name}.service"]


def test_an_external_temporal_and_no_dashboard() -> None:
    units = split(HERE.model_copy(update={"server": (), "dashboard": False}))
    assert list(units) == ["airut-control.service", "airut-host.service", "airut-intake.service", "airut.target"]
    assert not [name for name, text in units.items() if "airut-temporal" in text]


@pytest.mark.parametrize(
    ("word", "written"),
    [("plain", "plain"), ("a b", '"a b"'), ('a"b', '"a\\"b"'), ("50%", "50%%"), ("$x", "$$x"), ("", '""')],
)
def test_words_of_a_command_line(word: str, written: str) -> None:
    assert quoted(word) == written


@pytest.mark.parametrize("kind", [one, split])
def test_systemd_takes_them(kind: object, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    (tools := tmp_path / "a %b").mkdir()
    for name in ("airut", "temporal"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    here = HERE.model_copy(update={"airut": tools / "airut", "server": (str(tools / "temporal"), "x")})
    units = (one if kind is one else split)(here)
    (folder := tmp_path / "units").mkdir()
    for name, text in units.items():
        (folder / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "--recursive-errors=no", "verify", *(str(folder / name) for name in units)],
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    about_ours = [line for line in (done.stdout + done.stderr).splitlines() if "airut" in line]
    assert (about_ours, done.returncode) == ([], 0)
