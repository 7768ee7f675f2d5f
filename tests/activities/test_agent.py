"""An agent's run: what it is told, what comes home, its limits, and what is known of one that was lost."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities import disk as disk_module
from airut.models.blob import BlobRef, Text
from airut.models.hosts.sandbox import Limits, SandboxRef, sandbox_id
from airut.models.tasks.agent import NOTICE
from airut.models.tasks.mcp import McpServer
from airut.models.tasks.outcome import AgentOutcome, LostRun, Usage
from tests.activities.agent_bench import MESSAGE, ORDER, TASK, Bench, Known, Tree


async def test_an_ended_run_brings_home_words_and_files(bench: Bench) -> None:
    outbox = bench.folders.of(TASK.thread).outbox
    (outbox / "report.txt").write_text("numbers")
    result = await bench.start("echo Hello; echo World")
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DONE, "Hello World")
    assert [(file.name, await bench.blobs.get(file.content)) for file in result.outbox] == [("report.txt", b"numbers")]
    (run,) = bench.shell.runs
    assert run.prompt == "Add a file\n\ndo it\n"
    assert "Use tabs." in run.system_prompt
    assert bench.beats


async def test_the_default_branch_adds_to_how_the_agent_is_run(bench: Bench) -> None:
    bench.tree = Tree(
        {
            ".airut/agent/settings.json": '{"language": "de"}',
            ".airut/agent/mcp.json": '{"mcpServers": {"docs": {"command": "docs-mcp"}}}',
            ".airut/agent/system-prompt.md": "Ask before you delete.",
        }
    )
    await bench.start("echo x")
    (run,) = bench.shell.runs
    assert (run.settings, run.mcp_servers) == ({"language": "de"}, {"docs": McpServer(command="docs-mcp")})
    assert "Ask before you delete." in run.system_prompt


async def test_what_it_may_not_add_is_refused_with_its_place(bench: Bench) -> None:
    bench.tree = Tree({".airut/agent/settings.json": '{\n"apiKeyHelper": "x"}'})
    with pytest.raises(ApplicationError, match=r"settings.json:2:1: apiKeyHelper: is not taken here") as raised:
        await bench.start("echo x")
    assert (raised.value.type, raised.value.non_retryable) == ("policy_invalid", True)
    assert bench.shell.runs == []


async def test_what_an_agent_says_and_leaves_holds_no_secret(bench: Bench) -> None:
    bench.redactor.add("s3cret-value")
    bench.redactor.add("abcdef123", "[redacted:DEPLOY_TOKEN]")
    (bench.folders.of(TASK.thread).outbox / "report.txt").write_text("it is s3cret-value")
    result = await bench.start("echo I found s3cret-value; echo and abcdef123; echo s3cret-value >&2; exit 1")
    assert result.text.inline == "I found *** and [redacted:DEPLOY_TOKEN]"
    assert [await bench.blobs.get(file.content) for file in result.outbox] == [b"it is ***"]
    assert "s3cret-value" not in result.model_dump_json() + json.dumps(bench.beats)


async def test_the_access_log_is_kept(bench: Bench) -> None:
    folder = bench.folders.of(TASK.thread).task(1, 1) / "log"
    lines = b'{"kind":"http","decision":"blocked","method":"GET","host":"a.test"}\n'
    result = await bench.start(f"mkdir -p {folder}; printf '%s' '{lines.decode()}' > {folder}/network.jsonl; echo x")
    assert result.access_log is not None
    assert gzip.decompress(await bench.blobs.get(result.access_log)) == lines
    assert result.blocked == ("GET a.test (1)",)


async def test_an_agent_that_fills_the_disk_is_ended_and_the_largest_folders_are_named(bench: Bench) -> None:
    bench.configured.limit = Limits(disk=3 * 1024**2)
    script = "mkdir big; head -c 4194304 /dev/zero > big/file; echo begun; echo x > log; exec sleep 30"
    bench.folders.of(TASK.thread).workspace.joinpath("old").mkdir()
    bench.folders.of(TASK.thread).workspace.joinpath("old", "file").write_bytes(b"x" * 1024**2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_module, "EVERY", 0.2)
        result = await bench.start(script)
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DISK_FULL, "begun")
    assert result.verdict.detail.startswith("workspace, storage and home of this conversation hold 5 MiB of 3 MiB")
    assert "workspace/big (4 MiB), workspace/old (1 MiB)" in result.verdict.detail


async def test_an_agent_is_told_once_that_its_disk_fills_up(bench: Bench) -> None:
    bench.configured.limit = Limits(disk=4 * 1024**2)
    notice = bench.folders.of(TASK.thread).task(1, 1) / "notices" / NOTICE
    script = f"head -c 3900000 /dev/zero > file; while ! test -f {notice}; do sleep 0.05; done; echo told"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_module, "EVERY", 0.2)
        result = await bench.start(script)
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DONE, "told")
    assert json.loads(notice.read_text()) == (
        "workspace, storage and home of this conversation hold 4 MiB of 4 MiB (limits.disk). "
        "At the limit you are ended: remove what you do not need, such as caches and builds."
    )


@pytest.mark.parametrize(
    ("entries", "prompt_taken"), [((), False), (("one",), True)], ids=["not in the session", "in the session"]
)
async def test_a_lost_sandbox_tells_what_it_has_cost(
    bench: Bench, entries: tuple[str, ...], prompt_taken: bool
) -> None:
    bench.sessions = Known(*entries)
    task = bench.start("echo one; echo two; sleep 0.5; echo x > log; exec sleep 30")
    await bench.until("x")
    await bench.sandboxes.cut_off(SandboxRef(sandbox_id=sandbox_id(TASK.id, 1), container="c", folder=Path("/")))
    with pytest.raises(ApplicationError, match="was cut off") as raised:
        await task
    assert (raised.value.type, raised.value.non_retryable) == ("sandbox_lost", True)
    (lost,) = raised.value.details
    kept = lost.transcript and await bench.blobs.get(lost.transcript)
    assert lost == LostRun(
        usage=Usage(cost_usd=0.5), prompt_taken=prompt_taken, transcript=lost.transcript, ran_s=lost.ran_s
    )
    assert kept == (b"one" if entries else None)
    assert 0.3 < lost.ran_s < 60


async def test_the_copy_that_an_earlier_attempt_told_stays_known(bench: Bench) -> None:
    told = BlobRef(sha256="0" * 64, size=1).model_dump()
    bench.environment.info = replace(bench.environment.info, attempt=2, heartbeat_details=[{"transcript": told}])
    await bench.start("echo one")
    assert bench.beats
    assert [beat["transcript"] for beat in bench.beats] == [told] * len(bench.beats)


async def test_a_sandbox_that_never_began_has_cost_nothing(bench: Bench) -> None:
    await bench.start("true")
    with pytest.raises(ApplicationError, match="another specification") as raised:
        await bench.start("true", ORDER.model_copy(update={"base": "d" * 40}))
    assert (raised.value.type, raised.value.non_retryable, raised.value.details) == ("sandbox_lost", True, ())


async def test_an_agent_that_ended_while_nobody_watched_did_not_run_too_long(bench: Bench) -> None:
    bench.environment.info = replace(bench.environment.info, scheduled_time=datetime.now(UTC) - timedelta(days=1))
    result = await bench.start("echo done")
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DONE, "done")


async def test_a_defect_of_ours_is_answered_after_a_few_tries(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.shell, "progress", lambda before, lines: 1 / 0)
    for attempt, final in ((1, False), (5, True)):
        bench.environment.info = replace(bench.environment.info, attempt=attempt)
        with pytest.raises(ApplicationError, match="unexpected ZeroDivisionError") as raised:
            await bench.start("echo x")
        assert (raised.value.type, raised.value.non_retryable) == ("internal_error", final)
        assert raised.value.__cause__ is None


async def test_a_first_mail_is_read_with_what_it_quotes_and_a_later_one_without(bench: Bench) -> None:
    forwarded = MESSAGE.model_copy(update={"text": Text(inline="see"), "uncut": Text(inline="see\n> the report")})
    for number, expected in ((1, "see\n> the report"), (2, "see")):
        task = TASK.model_copy(update={"messages": (forwarded,), "number": number})
        await bench.start("true", ORDER.model_copy(update={"task": task}))
        assert bench.shell.runs[-1].prompt == f"Add a file\n\n{expected}\n"
