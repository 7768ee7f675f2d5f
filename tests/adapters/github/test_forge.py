"""Pull requests against the forge emulator, which GitHub's own description judges where it is at hand."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from airut.adapters.github import GitHubForge, GitHubRepository
from airut.demo.faults import FOREVER, Fault
from airut.demo.forge import GitHubForge as Emulator
from airut.demo.repositories import commit_files, git, seed_repository
from airut.errors import ForgeRefused, ForgeUnavailable
from airut.models.credentials.secret import Secret
from airut.models.pull_requests.body import BEGIN, END
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState

TOKEN = "ghp_" + "a" * 36
HEAD = "airut/fix-3jkllsxy"
SPEC = PullRequestSpec(
    repo="web", head=HEAD, base="main", title="Mend it", body=f"{BEGIN}\nfirst\n{END}", labels=("airut",)
)


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[Emulator]:
    bare = seed_repository(tmp_path, {"README.md": "# Web\n"})
    commit_files(bare, HEAD, {"a.txt": "a\n"}, "Add a", base="main")
    async with Emulator(tmp_path, {TOKEN: "airut-bot"}, collaborators=["octavia", "acme/core"]) as running:
        yield running
        assert running.violations == []


async def opened_with(forge: GitHubForge, spec: PullRequestSpec = SPEC) -> PullRequestRef:
    found = await forge.open_or_update(spec)
    assert found is not None
    return found


@pytest.fixture
def forge(emulator: Emulator) -> GitHubForge:
    return forge_with(emulator, TOKEN)


def forge_with(emulator: Emulator, token: str, slug: str = "acme/web") -> GitHubForge:
    return GitHubForge(lambda repo: GitHubRepository(slug, Secret(token), emulator.url))


async def test_a_token_that_is_asked_for_when_it_is_needed(emulator: Emulator) -> None:
    threads: list[bool] = []

    def token() -> str:
        threads.append(threading.current_thread() is threading.main_thread())
        if len(threads) > 1:
            raise ForgeUnavailable("no token now")
        return TOKEN

    forge = GitHubForge(lambda repo: GitHubRepository("acme/web", Secret(token), emulator.url))
    assert (await opened_with(forge)).created
    assert threads == [False]
    with pytest.raises(ForgeUnavailable, match=r"^no token now$"):
        await forge.find_pull_request("web", HEAD)


async def test_none_yet(forge: GitHubForge) -> None:
    assert await forge.find_pull_request("web", HEAD) is None


async def test_opened_once_and_then_updated(forge: GitHubForge, emulator: Emulator) -> None:
    opened = await opened_with(forge)
    assert (opened.number, opened.head, opened.state, opened.created, opened.notes) == (
        1,
        HEAD,
        PullRequestState.OPEN,
        True,
        (),
    )
    again = await forge.open_or_update(SPEC.model_copy(update={"body": f"{BEGIN}\nsecond\n{END}"}))
    assert again == opened.model_copy(update={"created": False})
    (pull,) = emulator.pulls().all()
    assert (pull.title, pull.body, pull.draft) == ("Mend it", f"{BEGIN}\nsecond\n{END}", True)
    assert [label.name for label in pull.labels] == ["airut"]
    assert await forge.find_pull_request("web", HEAD) == again


async def test_what_people_wrote_stays(forge: GitHubForge, emulator: Emulator) -> None:
    await forge.open_or_update(SPEC)
    emulator.pulls().update(1, {"body": f"Above.\n{BEGIN}\nfirst\n{END}\nBelow.", "title": "Better title"})
    await forge.open_or_update(SPEC.model_copy(update={"body": f"{BEGIN}\nsecond\n{END}"}))
    pull = emulator.pulls().get(1)
    assert (pull.title, pull.body) == ("Better title", f"Above.\n{BEGIN}\nsecond\n{END}\nBelow.")
    emulator.pulls().update(1, {"body": "Rewritten by a person."})
    await forge.open_or_update(SPEC)
    assert emulator.pulls().get(1).body == "Rewritten by a person."


async def test_a_label_that_a_later_push_needs_is_added(forge: GitHubForge, emulator: Emulator) -> None:
    await forge.open_or_update(SPEC)
    await forge.open_or_update(SPEC.model_copy(update={"labels": ("airut", "airut-policy-change")}))
    assert [label.name for label in emulator.pulls().get(1).labels] == ["airut", "airut-policy-change"]


async def test_two_at_once_make_one(forge: GitHubForge, emulator: Emulator) -> None:
    found = await asyncio.gather(*(opened_with(forge) for _ in range(4)))
    assert {one.number for one in found} == {1}
    assert [one.created for one in found].count(True) == 1
    assert len(emulator.pulls().all()) == 1


async def test_answer_lost_after_opening(forge: GitHubForge, emulator: Emulator) -> None:
    emulator.faults.add(Fault.lost_answer("POST /repos/acme/web/pulls"))
    with pytest.raises(ForgeUnavailable):
        await forge.open_or_update(SPEC)
    again = await opened_with(forge)
    assert (again.number, again.created) == (1, False)


async def test_merged_is_found_as_such(forge: GitHubForge, emulator: Emulator) -> None:
    await forge.open_or_update(SPEC.model_copy(update={"draft": False}))
    emulator.pulls().merge(1)
    found = await forge.find_pull_request("web", HEAD)
    assert found is not None
    assert found.state is PullRequestState.MERGED


async def test_closed_is_found_as_such_and_opened_again(forge: GitHubForge, emulator: Emulator) -> None:
    await forge.open_or_update(SPEC)
    emulator.pulls().update(1, {"state": "closed"})
    found = await forge.find_pull_request("web", HEAD)
    assert isinstance(found, PullRequestRef)
    assert found.state is PullRequestState.CLOSED
    again = await forge.open_or_update(SPEC.model_copy(update={"body": f"{BEGIN}\nsecond\n{END}"}))
    assert again == found.model_copy(update={"state": PullRequestState.OPEN})
    (pull,) = emulator.pulls().all()
    assert (pull.state, pull.body) == ("open", f"{BEGIN}\nsecond\n{END}")


async def test_closed_and_rewritten_meanwhile(forge: GitHubForge, emulator: Emulator, tmp_path: Path) -> None:
    await forge.open_or_update(SPEC)
    emulator.pulls().update(1, {"state": "closed"})
    bare = tmp_path / "acme/web.git"
    git(bare, "update-ref", "-d", f"refs/heads/{HEAD}")
    commit_files(bare, HEAD, {"b.txt": "b\n"}, "Begin anew", base="main")
    assert await forge.open_or_update(SPEC) is None
    assert [pull.state for pull in emulator.pulls().all()] == ["closed"]


async def test_what_it_opens_with_is_more_than_ours(forge: GitHubForge, emulator: Emulator) -> None:
    await forge.open_or_update(SPEC.model_copy(update={"opening": f"## Why\n\n{SPEC.body}"}))
    await forge.open_or_update(SPEC.model_copy(update={"body": f"{BEGIN}\nsecond\n{END}", "opening": "other"}))
    assert emulator.pulls().get(1).body == f"## Why\n\n{BEGIN}\nsecond\n{END}"


async def test_people_and_teams(forge: GitHubForge, emulator: Emulator) -> None:
    wanted = {"reviewers": ("octavia", "acme/core"), "assignees": ("octavia", "stranger")}
    opened = await opened_with(forge, SPEC.model_copy(update=wanted))
    pull = emulator.pulls().get(1)
    assert (pull.reviewers, pull.assignees) == (("octavia", "acme/core"), ("octavia",))
    assert opened.notes == ("stranger could not be assigned.",)


async def test_missing_rights_for_extras_are_notes(forge: GitHubForge, emulator: Emulator) -> None:
    emulator.faults.add(Fault.missing_right("POST .*/labels"))
    opened = await opened_with(forge, SPEC.model_copy(update={"reviewers": ("stranger",)}))
    assert opened.created
    assert opened.notes == ("the labels airut could not be set.", "stranger could not be asked to review.")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"head": "nowhere"}, "invalid"), ({"base": "nowhere"}, "invalid"), ({"head": "main"}, "No commits between")],
)
async def test_refused(forge: GitHubForge, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(ForgeRefused, match=reason):
        await forge.open_or_update(SPEC.model_copy(update=changes))


@pytest.mark.parametrize(
    ("token", "slug", "remedy"),
    [("ghp_" + "b" * 36, "acme/web", "give a new one"), (TOKEN, "acme/none", "cannot see it")],
)
async def test_token_and_repository(emulator: Emulator, token: str, slug: str, remedy: str) -> None:
    with pytest.raises(ForgeRefused, match=remedy) as caught:
        await forge_with(emulator, token, slug).open_or_update(SPEC)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        (lambda: Fault.server_error(times=FOREVER), None),
        (lambda: Fault(drop=True, times=FOREVER), None),
        (lambda: Fault.secondary_limit(retry_after=42, times=FOREVER), 42.0),
        (lambda: Fault.rate_limited(reset_in=100, times=FOREVER), pytest.approx(100, abs=10)),
    ],
)
async def test_not_now(
    forge: GitHubForge, emulator: Emulator, fault: Callable[[], Fault], retry_after: float | None
) -> None:
    emulator.faults.add(fault())
    with pytest.raises(ForgeUnavailable) as caught:
        await forge.open_or_update(SPEC)
    assert caught.value.retry_after == retry_after
    emulator.faults.clear()
    assert (await opened_with(forge)).created
