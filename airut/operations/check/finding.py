"""What `airut check` says of one thing."""

from enum import StrEnum

from airut.models.base import Model


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    """It works, and something should be changed all the same."""
    FAIL = "fail"
    """Tasks, or some of them, will not work."""


class Finding(Model):
    """One line. `remedy` says what to do, and is empty where all is well."""

    check: str
    state: State
    says: str
    remedy: str = ""
    fix: tuple[str, ...] = ()
    """The command line that `--fix` runs; it needs no root."""


def ok(check: str, says: str) -> Finding:
    return Finding(check=check, state=State.OK, says=says)


def warn(check: str, says: str, remedy: str, *fix: str) -> Finding:
    return Finding(check=check, state=State.WARN, says=says, remedy=remedy, fix=fix)


def fail(check: str, says: str, remedy: str, *fix: str) -> Finding:
    return Finding(check=check, state=State.FAIL, says=says, remedy=remedy, fix=fix)
