"""How findings are printed."""

import json

from airut.operations.check.finding import State, fail, ok, warn
from airut.operations.check.report import as_json, as_lines, worst

FOUND = (
    ok("git", "2.39.5"),
    warn("linger", "off", "run `loginctl enable-linger ann`", "loginctl", "enable-linger", "ann"),
    fail("web imap", "login refused", "correct the password"),
)


def test_lines() -> None:
    assert as_lines(FOUND) == [
        "ok    git       2.39.5",
        "warn  linger    off",
        "                → run `loginctl enable-linger ann`",
        "fail  web imap  login refused",
        "                → correct the password",
        "1 ok, 1 warn, 1 fail; `airut check --fix` mends 1 of them",
    ]
    assert as_lines(FOUND[:1]) == ["ok    git  2.39.5", "1 ok, 0 warn, 0 fail"]


def test_json() -> None:
    assert json.loads(as_json(FOUND[1:2])) == {
        "version": 1,
        "state": "warn",
        "findings": [
            {
                "check": "linger",
                "state": "warn",
                "says": "off",
                "remedy": "run `loginctl enable-linger ann`",
                "fix": ["loginctl", "enable-linger", "ann"],
            }
        ],
    }


def test_the_worst_counts() -> None:
    assert [worst(FOUND[:number]) for number in range(4)] == [State.OK, State.OK, State.WARN, State.FAIL]
