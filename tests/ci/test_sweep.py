"""Which sandboxes belong to nobody any more."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airut.ci.owner import Owner
from airut.ci.sweep import leftovers, note_owner, remove_folders

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINE = Owner.myself()
GONE = MINE.model_copy(update={"started": "1"})
ELSEWHERE = GONE.model_copy(update={"namespace": "pid:[1]"})


def labels(name: str, owner: Owner | None, kind: str = "cli", age: timedelta = timedelta(minutes=1)) -> dict[str, str]:
    return {
        "airut.owner": kind,
        "airut.sandbox": name,
        "airut.started": str(int((NOW - age).timestamp())),
        "airut.time_limit": "7200",
        **({f"airut.{key}": value for key, value in owner.labels()} if owner else {}),
    }


def test_who_goes_and_who_stays() -> None:
    found = [
        labels("mine", MINE),
        labels("mine", MINE),  # its network
        labels("gone", GONE),
        labels("elsewhere", ELSEWHERE),
        labels("elsewheredead", ELSEWHERE),
        labels("elsewhereold", ELSEWHERE, age=timedelta(hours=3)),
        labels("nobody", None),
        labels("nobodyold", None, age=timedelta(hours=3)),
        labels("task", GONE, kind="task", age=timedelta(days=3)),
        {"airut.owner": "cli"},
        {"airut.owner": "installation"},
    ]
    gone = leftovers(found, NOW, lambda run: run == "elsewheredead")
    assert gone == ("elsewheredead", "elsewhereold", "gone", "nobodyold")


def test_folders_of_dead_runs(tmp_path: Path) -> None:
    owners = {"mine": MINE, "dead": GONE, "named": MINE, "kept": GONE, "other": ELSEWHERE, "otherdead": ELSEWHERE}
    held = {name: note_owner(tmp_path / name, owner) for name, owner in owners.items()}
    os.close(held.pop("otherdead"))  # as the kernel does with a container that was killed
    (tmp_path / "making").mkdir()
    remove_folders(tmp_path, {"named"}, {"kept"})
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["kept", "making", "mine", "other"]
    for descriptor in held.values():
        os.close(descriptor)
