"""What `airut check` says of a machine, and what to do about it."""

import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest

from airut.operations.check.finding import Finding, fail, ok, warn
from airut.operations.check.machine import Facts, judge, version_in
from airut.operations.check.machine_facts import machine, people, sub_ids

GOOD = Facts(
    git="git version 2.39.5",
    kernel="6.12.3-amd64",
    user="airut",
    sub_users=65_536,
    sub_groups=65_536,
    systemd=True,
    linger=True,
    synchronized=True,
    state="/home/airut/.local/state/airut",
    free=0.5,
    free_bytes=100 * 1024**3,
)
WELL = (
    ok("git", "2.39.5"),
    ok("kernel", "6.12.3-amd64"),
    ok("subuid", "65536 for airut"),
    ok("subgid", "65536 for airut"),
    ok("linger", "on"),
    ok("clock", "synchronized"),
    ok("disk", "100.0 GiB (50%) free at /home/airut/.local/state/airut"),
    ok("ports", "free, or in use by this installation"),
)
LINGER = "run `loginctl enable-linger airut`, else all of it ends when airut logs out"
LOGIN = "set dashboard.auth: token; without, whoever has an account here sees and steers every thread"


def test_all_is_well() -> None:
    assert judge(GOOD) == WELL


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"git": None}, fail("git", "not installed", "install the package git (2.39 or newer)")),
        ({"git": "git version 2.30.2"}, fail("git", "2.30.2 is too old", "install git 2.39 or newer")),
        ({"git": "git version 2.39.0.windows"}, ok("git", "2.39.0")),
        (
            {"kernel": "5.10.0-9-amd64"},
            warn("kernel", "5.10.0-9-amd64 is old", "use Linux 5.13 or newer: older ones mount no overlay rootless"),
        ),
        (
            {"sub_users": 0},
            fail(
                "subuid",
                "airut has 0 in /etc/subuid, and needs 65536",
                "as root: `usermod --add-subuids 100000-165535 airut` (a range that nobody else has)",
            ),
        ),
        (
            {"sub_groups": 1000},
            fail(
                "subgid",
                "airut has 1000 in /etc/subgid, and needs 65536",
                "as root: `usermod --add-subgids 100000-165535 airut` (a range that nobody else has)",
            ),
        ),
        ({"linger": False}, warn("linger", "off", LINGER, "loginctl", "enable-linger", "airut")),
        (
            {"systemd": False, "linger": False},
            ok("linger", "no systemd here; keep `airut up` running with the supervisor that there is"),
        ),
        (
            {"synchronized": False},
            warn(
                "clock",
                "not synchronized",
                "run an NTP service (`timedatectl set-ntp true`): tokens and leases go by the clock",
            ),
        ),
        ({"synchronized": None}, ok("clock", "whether it is synchronized cannot be told here")),
        (
            {"free": 0.05, "free_bytes": 1024**3},
            fail(
                "disk",
                "1.0 GiB (5%) free at /home/airut/.local/state/airut",
                "make room: below disk.min_free (10%) no task is taken",
            ),
        ),
        (
            {"dotenv": ("/home/airut/.env",)},
            warn(
                "secrets file",
                "/home/airut/.env can be read by others",
                "run `chmod 600 /home/airut/.env`",
                *("chmod", "600", "/home/airut/.env"),
            ),
        ),
        (
            {"taken": ("temporal.port (7233)",)},
            fail(
                "ports",
                "temporal.port (7233): in use by something else",
                "stop what listens there, or give another port",
            ),
        ),
        ({"others": ("bob",)}, warn("other users", "bob", LOGIN)),
        ({"others": tuple("abcdef")}, warn("other users", "a, b, c, d, e, …", LOGIN)),
    ],
)
def test_what_is_not(changed: dict[str, Any], said: Finding) -> None:
    (different,) = set(judge(GOOD.model_copy(update=changed))) - set(WELL) or {said}
    assert different == said


def test_versions() -> None:
    texts = ("git version 2.39.5", "6.18.44-fc", "4.3.1", "4.10.0-dev", "none")
    assert [version_in(text) for text in texts] == [(2, 39, 5), (6, 18, 44), (4, 3, 1), (4, 10, 0), ()]


def test_sub_ids_by_name_and_by_number(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("# none\nairut:100000:65536\nother:1:5\n1001:300000:10\nairut:x\n")
    assert [sub_ids(file, name, 1001) for name in ("airut", "other", "nobody")] == [65_546, 15, 10]
    assert sub_ids(tmp_path / "absent", "airut", 1001) == 0


def test_people_are_those_who_can_log_in() -> None:
    def user(name: str, number: int, shell: str) -> pwd.struct_passwd:
        return pwd.struct_passwd((name, "x", number, number, "", f"/home/{name}", shell))

    users = [
        user("root", 0, "/bin/bash"),
        user("airut", 1001, "/bin/bash"),
        user("ann", 1002, "/usr/bin/zsh"),
        user("build", 1003, "/usr/sbin/nologin"),
        user("nobody", 65_534, "/bin/sh"),
    ]
    assert list(people(users, 1001)) == ["ann"]


def test_what_is_read_here(tmp_path: Path) -> None:
    (dotenv := tmp_path / ".env").write_text("A=b\n")
    dotenv.chmod(0o640)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = machine(
            tmp_path / "not" / "yet", [("temporal.port", port)], dotenv=[dotenv], min_free=0.2, open_door=False
        )
    assert found.git is not None
    assert version_in(found.git) >= (2, 0)
    assert (found.kernel, found.user) == (os.uname().release, pwd.getpwuid(os.getuid()).pw_name)
    assert (found.dotenv, found.taken, found.others) == ((str(dotenv),), (f"temporal.port ({port})",), ())
    assert 0 < found.free < 1
    dotenv.chmod(0o600)
    again = machine(tmp_path, [("temporal.port", port)], dotenv=[dotenv], min_free=0.2, open_door=False)
    assert (again.dotenv, again.taken) == ((), ())
