"""Whether there is a newer version of Airut."""

from collections.abc import Callable

from airut.errors import UpdateFailed
from airut.operations.check.finding import Finding, ok, warn
from airut.operations.update.newest import is_newer

PLACE = "update"


def newer(present: str, ask: Callable[[], str]) -> Finding:
    """An index that cannot be asked is nothing that tasks would fail by: machines without a way out are looked at too.
    `ask` raises UpdateFailed."""
    try:
        found = ask()
    except UpdateFailed as error:
        return warn(
            PLACE,
            f"{present}; whether there is a newer version could not be asked: {error}",
            "nothing is wrong if this machine has no way there: `airut update --find-links` takes a folder of wheels",
        )
    if is_newer(found, present):
        return warn(PLACE, f"{present}; {found} is there", "run `airut update`")
    return ok(PLACE, f"{present}, the newest version")
