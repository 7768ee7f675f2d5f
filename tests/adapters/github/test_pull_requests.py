"""What becomes of a pull request, as the stand-in for GitHub shows it, which GitHub's own description judges."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.github import GitHubRepository
from airut.adapters.github.pull_requests import GitHubPullRequests
from airut.demo.faults import FOREVER, Fault
from airut.demo.forge import GitHubForge as Emulator
from airut.demo.github_documents import number_of
from airut.demo.repositories import commit_files, seed_repository
from airut.errors import ForgeRefused, ForgeUnavailable
from airut.models.credentials.secret import Secret
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import Checks, CheckState, FailedCheck, PullRequestView, Verdict

TOKEN = "ghp_" + "a" * 36
HEAD = "airut/fix-3jkllsxy"


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[Emulator]:
    bare = seed_repository(tmp_path, {"README.md": "# Web\n"})
    commit_files(bare, HEAD, {"a.txt": "a\n"}, "Add a", base="main")
    async with Emulator(tmp_path, {TOKEN: "airut-bot"}) as running:
        running.pulls().create("Mend it", HEAD, "main", None, "airut-bot", draft=False, modify=True)
        yield running
        assert running.violations == []


@pytest.fixture
def watched(emulator: Emulator) -> GitHubPullRequests:
    return GitHubPullRequests(lambda repo: GitHubRepository("acme/web", Secret(TOKEN), emulator.url))


def head(emulator: Emulator) -> str:
    return emulator.pulls().get(1).head_sha


def ended(emulator: Emulator, *checks: tuple[str, str | None]) -> None:
    for name, conclusion in checks:
        emulator.set_check(head(emulator), name, conclusion)


async def test_nothing_yet(watched: GitHubPullRequests, emulator: Emulator) -> None:
    assert await watched.look("web", 1) == PullRequestView(
        number=1,
        url="https://github.com/acme/web/pull/1",
        author="airut-bot",
        state=PullRequestState.OPEN,
        head=head(emulator),
    )


@pytest.mark.parametrize(
    ("runs", "statuses", "state", "failed"),
    [
        ({"test": "success", "docs": "skipped"}, {}, CheckState.PASSED, []),
        ({"test": "success", "lint": None}, {}, CheckState.PENDING, []),
        ({"test": "failure", "lint": None}, {}, CheckState.PENDING, []),
        ({"test": "failure", "lint": "timed_out", "docs": "neutral"}, {}, CheckState.FAILED, ["test", "lint"]),
        ({}, {"ci/old": "pending"}, CheckState.PENDING, []),
        ({"test": "success"}, {"ci/old": "error", "ci/new": "success"}, CheckState.FAILED, ["ci/old"]),
    ],
)
async def test_checks(
    watched: GitHubPullRequests, emulator: Emulator, runs: dict[str, str | None], statuses: dict[str, str],
    state: CheckState, failed: list[str],
) -> None:  # fmt: skip
    ended(emulator, *runs.items())
    emulator.talk.statuses[head(emulator)].update(statuses)
    checks = (await watched.look("web", 1)).checks
    assert (checks.state, checks.total, [each.name for each in checks.failed]) == (
        state, len(runs) + len(statuses), failed
    )  # fmt: skip


async def test_remarks_of_people(watched: GitHubPullRequests, emulator: Emulator) -> None:
    emulator.review(1, "octavia", "Not yet.", "CHANGES_REQUESTED")
    emulator.review(1, "octavia", "")  # holds comments on lines only
    emulator.review(1, "mona", "", "APPROVED")
    emulator.comment_on_line(1, "octavia", "Why?", "a.txt", 1)
    found = (await watched.look("web", 1)).remarks
    assert [(each.id, each.author, each.text, each.place, each.verdict) for each in found] == [
        ("review-1", "octavia", "Not yet.", "", Verdict.CHANGES_REQUESTED),
        ("review-3", "mona", "", "", Verdict.APPROVED),
        ("line-4", "octavia", "Why?", "a.txt:1", Verdict.COMMENTED),
    ]
    assert found[0].url == "https://github.com/acme/web/pull/1#pullrequestreview-1"


async def test_more_than_a_page(watched: GitHubPullRequests, emulator: Emulator) -> None:
    for number in range(101):
        emulator.comment_on_line(1, "octavia", f"Why {number}?", "a.txt", 1)
    assert len((await watched.look("web", 1)).remarks) == 101


async def test_what_has_not_changed_is_not_sent_again(watched: GitHubPullRequests, emulator: Emulator) -> None:
    ended(emulator, ("test", "success"))
    first = await watched.look("web", 1)
    before = emulator.unchanged
    assert await watched.look("web", 1) == first
    assert emulator.unchanged - before >= 5
    emulator.set_check(head(emulator), "lint", "failure")
    assert (await watched.look("web", 1)).checks.state is CheckState.FAILED


async def test_the_end_of_a_log(watched: GitHubPullRequests, emulator: Emulator) -> None:
    ended(emulator, ("test", "failure"), ("lint", "failure"))
    lines = "".join(f"2026-05-01T10:00:00.0000000Z \x1b[31mline {number}\x1b[0m\n" for number in range(5000))
    emulator.talk.logs[number_of(head(emulator) + "test")] = lines
    test, lint = (await watched.look("web", 1)).checks.failed
    assert (await watched.log_tail("web", test)).splitlines() == [f"line {number}" for number in range(4950, 5000)]
    assert await watched.log_tail("web", lint) == ""  # removed, or none of ours to read
    assert await watched.log_tail("web", FailedCheck(name="x", url="", log="said\nitself")) == "said\nitself"


@pytest.mark.parametrize(("permission", "may"), [("admin", True), ("write", True), ("read", False), ("none", False)])
async def test_who_may_write(watched: GitHubPullRequests, emulator: Emulator, permission: str, may: bool) -> None:
    emulator.talk.permissions["octavia"] = permission
    assert await watched.may_write("web", "octavia") is may


async def test_merged_and_closed(watched: GitHubPullRequests, emulator: Emulator) -> None:
    emulator.pulls().update(1, {"state": "closed"})
    assert (await watched.look("web", 1)).state is PullRequestState.CLOSED
    emulator.pulls().update(1, {"state": "open"})
    emulator.pulls().merge(1)
    assert (await watched.look("web", 1)).state is PullRequestState.MERGED


async def test_without_the_right_to_read_checks_the_rest_is_seen(
    watched: GitHubPullRequests, emulator: Emulator
) -> None:
    emulator.faults.add(Fault.missing_right("GET .*/check-runs"))
    emulator.talk.statuses[head(emulator)]["ci"] = "success"
    assert (await watched.look("web", 1)).checks == Checks(state=CheckState.PASSED, total=1)


async def test_who_may_not_be_asked_about_may_not_write(watched: GitHubPullRequests, emulator: Emulator) -> None:
    emulator.faults.add(Fault.missing_right("GET .*/permission"))
    assert await watched.may_write("web", "octavia") is False


async def test_refused_and_away(watched: GitHubPullRequests, emulator: Emulator) -> None:
    with pytest.raises(ForgeRefused, match="does not exist any more"):
        await watched.look("web", 7)
    emulator.faults.add(Fault.secondary_limit(retry_after=42, times=FOREVER))
    with pytest.raises(ForgeUnavailable) as caught:
        await watched.look("web", 1)
    assert caught.value.retry_after == 42.0
