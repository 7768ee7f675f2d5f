"""What keeps a new version from taking over, and in which words."""

import json

from airut.operations.check.finding import fail, ok, warn
from airut.operations.check.report import as_json
from airut.operations.update.gates import not_replayed, unchecked


def test_a_check() -> None:
    fine = as_json([ok("git", "2.39.5"), warn("linger", "off", "turn it on")])
    broken = as_json([ok("git", "2.39.5"), fail("web imap", "login refused", "correct the password")])
    assert unchecked(0, fine) == ()
    assert unchecked(1, broken) == ("web imap: login refused → correct the password",)
    assert unchecked(1, "Traceback") == ("`airut check` of the new version does not run (exit code 1)",)


def test_a_replay() -> None:
    same = {"workflow": "web/mail/a", "run": "r1", "events": 12, "difference": None}
    differs = same | {
        "workflow": "web/mail/b",
        "difference": {"event": 7, "kind": "ActivityTaskScheduled", "said": "it should be a timer"},
    }

    def printed(*runs: object) -> str:
        return json.dumps({"version": 1, "deterministic": runs == (same,), "runs": runs})

    assert not_replayed(0, printed(same), "") == ()
    assert not_replayed(0, printed(), "") == ()
    assert not_replayed(1, printed(same, differs), "") == (
        "web/mail/b (run r1) differs at event 7 (ActivityTaskScheduled): it should be a timer",
    )
    assert not_replayed(4, "", "airut: Temporal is not\n reachable") == (
        "histories could not be replayed (exit code 4): airut: Temporal is not reachable",
    )
