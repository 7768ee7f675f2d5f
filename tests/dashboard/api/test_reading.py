"""What programs read."""

from datetime import UTC, datetime

import pytest

from airut.adapters.recordings import BytesRecording
from airut.dashboard.api.threads import AgentEvent, AgentEvents, events_after
from airut.models.login import Role
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.ports.health import HealthReport, HostHealth
from airut.ports.host_directory import HostRow
from airut.ports.recordings import Line
from airut.ports.task_records import TaskDetail
from airut.ports.thread_directory import ThreadFilter, ThreadRow
from tests.dashboard.api.conftest import Program
from tests.support.dashboard import Served

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def row(number: int) -> ThreadRow:
    return ThreadRow(
        thread=f"web/console/{number}", repo="web", channel="console", author="ann", state="idle", outcome="",
        cost_usd=0, pull_request="", started_at=AT,
    )  # fmt: skip


async def test_threads_by_pages_with_filters(served: Served, program: Program) -> None:
    served.threads.rows = [row(number) for number in range(5)]
    reader = program(Role.VIEWER)
    first = (
        await reader.get("/api/v1/threads?limit=3&author=ann&since=2026-03-01T10:00:00&until=2026-03-03T00:00%2B01:00")
    ).json()
    assert served.threads.asked[-1] == ThreadFilter(
        author="ann", since=datetime(2026, 3, 1, 10, tzinfo=UTC), until=datetime(2026, 3, 2, 23, tzinfo=UTC)
    )
    rest = (await reader.get(f"/api/v1/threads?limit=3&cursor={first['next_cursor']}")).json()
    assert [each["thread"] for each in first["rows"] + rest["rows"]] == [f"web/console/{n}" for n in range(5)]
    assert rest["next_cursor"] == ""
    for query in ("limit=0", "limit=201", "limit=x", "since=yesterday", "cursor=x"):
        assert (await reader.get(f"/api/v1/threads?{query}")).status_code == 422


async def test_the_state_of_all(served: Served, program: Program) -> None:
    served.threads.rows = [row(1)]
    served.hosts.rows = (HostRow(host="box", drained=True, polled_s=1.0, pinned=1, running=0),)
    box = HostHealth(host="box", slots=2, disk_free=1, disk_total=2, min_free=0.1)
    served.health.put(HealthReport(process="host-box", at=served.now, host=box))
    reader = program(Role.VIEWER)
    status = (await reader.get("/api/v1/status")).json()
    assert (status["temporal"], status["threads"], status["configuration"]) == ("ok", {"idle": 1}, [])
    assert [each["name"] for each in (await reader.get("/api/v1/repos")).json()["repos"]] == ["web", "docs"]
    (host,) = (await reader.get("/api/v1/hosts")).json()["hosts"]
    assert (host["state"], host["health"]["slots"]) == ("drained", 2)
    assert (await reader.get("/api/v1/costs?since=2026-03-01")).json() == {"rows": [], "complete": True}
    assert (await reader.get("/api/v1/queue")).json() == {"entries": [], "more": False, "silent": 0}


async def test_the_configuration_and_the_audit_log_are_an_admins(served: Served, program: Program) -> None:
    admin, viewer = program(Role.ADMIN), program(Role.VIEWER)
    found = (await admin.get("/api/v1/config")).json()["configuration"]
    assert found["repos"]["web"]["agent"]["auth"]["api_key"] == "***"
    assert "sk-ant" not in (await admin.get("/api/v1/config")).text
    for number in range(3):
        await served.audit.record(AuditEvent(actor="ann", action=AuditAction.LOGOUT, object=str(number)))
    page = (await admin.get("/api/v1/audit?limit=2")).json()
    assert ([each["object"] for each in page["entries"]], page["next"]) == (["2", "1"], 2)
    last = (await admin.get("/api/v1/audit?limit=2&before=2")).json()
    assert ([each["object"] for each in last["entries"]], last["next"]) == (["0"], None)
    assert (await admin.get("/api/v1/audit?before=x")).status_code == 422
    for path in ("config", "audit"):
        assert (await viewer.get(f"/api/v1/{path}")).status_code == 403


async def test_a_task_and_what_its_agent_wrote(served: Served, program: Program) -> None:
    served.tasks.known["web/console/1", 1] = TaskDetail(number=1, state="running", started_at=AT, ended_at=None)
    out = served.folder / "threads/web/console/1/tasks/1/1/out"
    out.mkdir(parents=True)
    (out / "events.jsonl").write_text('{"type": "system"}\nnot json\n')
    reader, path = program(Role.VIEWER), "/api/v1/threads/web/console/1/tasks/1"
    task = (await reader.get(path)).json()
    assert (task["task"]["number"], task["status"]) == (1, None)
    assert (await reader.get(f"{path}/network")).json() == {"requests": []}
    assert (await reader.get(f"{path}/events?after=x")).status_code == 422
    assert (await reader.get("/api/v1/threads/web/console/1/tasks/2")).status_code == 404
    assert (await reader.get("/api/v1/threads/web/console/2")).status_code == 404
    thread = (await reader.get("/api/v1/threads/web/console/1")).json()
    assert [turn["number"] for turn in thread["turns"]] == [1]


class Recorded:
    """Two sandboxes' output."""

    sandboxes = (1, 2)
    content = {1: b'{"a": 1}\nnot json\n', 2: b'{"b": "' + b"x" * 300_000 + b'"}\n{"c": 3}\n'}

    def size(self, sandbox: int) -> int:
        return len(self.content[sandbox])

    def lines(self, sandbox: int, start: int, end: int) -> tuple[Line, ...]:
        found, offset = [], 0
        for raw in self.content[sandbox].split(b"\n")[:-1]:
            if start <= offset < end:
                found.append(Line(offset, raw))
            offset += len(raw) + 1
        return tuple(found)


def test_events_go_on_where_an_answer_ended() -> None:
    recording = Recorded()
    first = events_after(recording, "")
    assert first is not None
    assert [(each.sandbox, each.offset) for each in first.events] == [(1, 0), (1, 9), (2, 0)]
    assert (first.events[1], first.more) == (AgentEvent(sandbox=1, offset=9, event="not json"), True)
    second = events_after(recording, first.next)
    assert second == AgentEvents(
        events=(AgentEvent(sandbox=2, offset=300_010, event={"c": 3}),), next="2-300019", more=False
    )
    assert events_after(recording, second.next) == AgentEvents(events=(), next="2-300019", more=False)
    assert events_after(BytesRecording(b""), "") == AgentEvents(events=(), next="0-0", more=False)
    for wrong in ("x", "1", "1-", "-1", "1-2-3", "9" * 40 + "-1"):
        assert events_after(recording, wrong) is None


@pytest.mark.parametrize(
    ("control", "polled", "away", "failing"),
    [
        (True, 1.0, "", []),
        (False, 1.0, "", ["control worker"]),
        (True, None, "", ["sandbox host"]),
        (True, 1.0, "gone", ["temporal"]),
    ],
)
async def test_readiness_names_what_fails_and_nothing_else(
    served: Served, control: bool, polled: float | None, away: str, failing: list[str]
) -> None:
    served.hosts.control, served.hosts.away = control, away
    served.hosts.rows = (HostRow(host="box", drained=False, polled_s=polled, pinned=0, running=0),)
    answer = await served.browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (503 if failing else 200, {"ready": not failing, "failing": failing})
    assert (await served.browser().get("/healthz")).text == "ok\n"
    served.config = None
    assert (await served.browser().get("/readyz")).json()["failing"] == ["configuration", *failing]


async def test_errors_are_documents(program: Program) -> None:
    answer = await program(Role.VIEWER).get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
    assert answer.headers["content-type"] == "application/problem+json"
