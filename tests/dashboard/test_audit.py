"""The audit page: the newest entries first, filtered, page by page, and whether the record is whole."""

from pathlib import Path

import pytest

from airut.adapters.audit import AuditLog
from airut.dashboard.views.audit import ROWS
from airut.models.login import Role
from airut.models.telemetry.audit import AuditAction, AuditEvent
from tests.support.dashboard import Served

EVIL = "<script>alert(1)</script>\u202e"


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit.jsonl")


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served.at(tmp_path)


async def page(served: Served, query: str = "") -> str:
    answer = await served.browser().get(f"/audit{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def done(log: AuditLog, action: AuditAction, thread: str, actor: str = "ann") -> None:
    log.append(AuditEvent(actor=actor, action=action, object=thread, detail={"verdict": "dmarc", "who": ("a", "b")}))


async def test_entries_are_found_by_action_object_and_person(served: Served, log: AuditLog) -> None:
    done(log, AuditAction.TASK_STARTED, "web/mail/a/task-1")
    done(log, AuditAction.TASK_ENDED, "web/mail/a/task-1")
    done(log, AuditAction.MESSAGE_REFUSED, EVIL, actor="bob")
    everything = await page(served)
    assert "<script>alert" not in everything
    assert "\u202e" not in everything
    assert everything.index("&lt;script&gt;") < everything.index("web/mail/a/task-1")
    assert "who:</span> a b" in everything
    for query, numbers in (
        ("?action=task", ["2", "1"]),
        ("?action=task.ended", ["2"]),
        ("?object=web/mail/a", ["2", "1"]),
        ("?actor=bob", ["3"]),
        ("?actor=carl", []),
        ("?before=3", ["2", "1"]),
    ):
        shown = await page(served, query)
        assert [row.split("<")[0] for row in shown.split('<td class="number">')[1:]] == numbers, query


async def test_older_entries_are_a_click_away_and_the_filter_stays(served: Served, log: AuditLog) -> None:
    for _ in range(ROWS + 1):
        done(log, AuditAction.TASK_STARTED, "web/mail/a/task-1")
    shown = await page(served, "?action=task")
    link = shown.split('<a class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    assert link == "/audit?action=task&object=&actor=&before=2"
    older = await page(served, link.removeprefix("/audit"))
    assert older.count('<td class="number">') == 1
    assert "Older entries" not in older


async def test_what_was_changed_is_found(served: Served, log: AuditLog, tmp_path: Path) -> None:
    assert "No such entry" in await page(served)
    done(log, AuditAction.TASK_STARTED, "web/mail/a/task-1")
    done(log, AuditAction.TASK_ENDED, "web/mail/a/task-1")
    assert "Whole." not in await page(served)
    assert "<strong>Whole.</strong> ok: entries 1 to 2" in await page(served, "?verify=1")
    file = tmp_path / "audit.jsonl"
    file.write_text(file.read_text().replace("task.started", "task.skipped"))
    assert "<strong>Not whole.</strong> entry 1 " in await page(served, "?verify=1")


async def test_it_is_not_for_everybody(tmp_path: Path) -> None:
    served = Served.at(tmp_path, auth="token")
    viewer = await served.logged_in(Role.VIEWER)
    assert (await viewer.get("/audit")).status_code == 403
    answer = await (await served.logged_in(Role.OPERATOR)).get("/audit?before=x")
    assert (answer.status_code, "number of an entry" in answer.text) == (422, True)
