"""What `airut check` says of newer versions."""

from airut.errors import UpdateFailed
from airut.operations.check.finding import ok, warn
from airut.operations.check.newer import newer


def test_what_is_said() -> None:
    assert newer("1.2.0", lambda: "1.2.0") == ok("update", "1.2.0, the newest version")
    assert newer("1.3.0.dev1", lambda: "1.2.0") == ok("update", "1.3.0.dev1, the newest version")
    assert newer("1.2.0", lambda: "1.3.0") == warn("update", "1.2.0; 1.3.0 is there", "run `airut update`")


def test_offline_it_says_that_it_could_not_ask() -> None:
    def refuses() -> str:
        raise UpdateFailed("Connection refused (os error 111)")

    assert newer("1.2.0", refuses) == warn(
        "update",
        "1.2.0; whether there is a newer version could not be asked: Connection refused (os error 111)",
        "nothing is wrong if this machine has no way there: `airut update --find-links` takes a folder of wheels",
    )
