"""What each forge's adapter promises, in front of a stand-in that holds requests to what the vendor describes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.git import GitMirror, RepoRemote
from airut.demo.faults import FOREVER, Fault
from airut.demo.git_server import GitServer
from airut.demo.repositories import commit_files, git, seed_repository
from airut.errors import ForgeRefused, ForgeUnavailable
from airut.models.credentials.secret import Secret
from airut.models.hosts.workspace import PushSpec
from airut.models.pull_requests.body import BEGIN, END
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState
from airut.models.pull_requests.view import CheckState, Verdict
from tests.adapters.git.stage import Worker
from tests.support.forges.stages import KINDS, SLUGS, TOKENS, Stage, staged, with_title

HEAD = "airut/fix-3jkllsxy"
SPEC = PullRequestSpec(
    repo="web", head=HEAD, base="main", title="Mend it", body=f"{BEGIN}\nfirst\n{END}", labels=("airut",)
)
SECOND = SPEC.model_copy(update={"body": f"{BEGIN}\nsecond\n{END}"})


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def stage(kind: str, tmp_path: Path) -> AsyncIterator[Stage]:
    bare = seed_repository(tmp_path, {"README.md": "# Web\n"}, SLUGS[kind])
    commit_files(bare, HEAD, {"a.txt": "a\n"}, "Add a", base="main")
    async with staged(kind, tmp_path) as made:
        yield made


async def opened(stage: Stage, spec: PullRequestSpec = SPEC) -> PullRequestRef:
    found = await stage.forge.open_or_update(spec)
    assert found is not None
    return found


async def test_opened_once_and_then_updated(stage: Stage) -> None:
    assert await stage.forge.find_pull_request("web", HEAD) is None
    first = await opened(stage, SPEC.model_copy(update={"opening": f"## Why\n\n{SPEC.body}"}))
    assert (first.number, first.head, first.state, first.created, first.notes) == (
        1, HEAD, PullRequestState.OPEN, True, ()
    )  # fmt: skip
    assert stage.slug in first.url
    assert await opened(stage, SECOND) == first.model_copy(update={"created": False})
    (pull,) = stage.pulls.all()
    assert (pull.title, pull.body) == (with_title(stage, "Mend it"), f"## Why\n\n{SECOND.body}")
    assert [label.name for label in pull.labels] == ["airut"]
    assert await stage.forge.find_pull_request("web", HEAD) == first.model_copy(update={"created": False})


async def test_ready_for_review_where_no_draft_is_wanted(stage: Stage) -> None:
    await opened(stage, SPEC.model_copy(update={"draft": False}))
    pull = stage.pulls.get(1)
    assert (pull.title, pull.draft) == ("Mend it", False)


async def test_what_people_wrote_stays(stage: Stage) -> None:
    await opened(stage)
    stage.pulls.update(1, {"body": f"Above.\n{SPEC.body}\nBelow.", "title": "Better title"})
    await opened(stage, SECOND)
    pull = stage.pulls.get(1)
    assert (pull.title, pull.body) == ("Better title", f"Above.\n{SECOND.body}\nBelow.")
    stage.pulls.update(1, {"body": "Rewritten by a person."})
    await opened(stage)
    assert stage.pulls.get(1).body == "Rewritten by a person."


async def test_a_label_that_a_later_push_needs(stage: Stage) -> None:
    await opened(stage)
    await opened(stage, SPEC.model_copy(update={"labels": ("airut", "airut-policy-change")}))
    assert [label.name for label in stage.pulls.get(1).labels] == ["airut", "airut-policy-change"]


async def test_two_at_once_make_one(stage: Stage) -> None:
    found = await asyncio.gather(*(opened(stage) for _ in range(4)))
    assert ({one.number for one in found}, [one.created for one in found].count(True)) == ({1}, 1)
    assert len(stage.pulls.all()) == 1


async def test_an_answer_that_was_lost(stage: Stage) -> None:
    stage.faults.add(Fault.lost_answer("POST .*/(pulls|merge_requests)"))
    with pytest.raises(ForgeUnavailable):
        await opened(stage)
    again = await opened(stage)
    assert (again.number, again.created) == (1, False)


async def test_closed_is_opened_again(stage: Stage) -> None:
    await opened(stage)
    stage.pulls.update(1, {"state": "closed"})
    found = await stage.forge.find_pull_request("web", HEAD)
    assert found is not None
    assert found.state is PullRequestState.CLOSED
    assert (await opened(stage, SECOND)).state is PullRequestState.OPEN
    (pull,) = stage.pulls.all()
    assert (pull.state, pull.body) == ("open", SECOND.body)


async def test_closed_for_good(stage: Stage, tmp_path: Path) -> None:
    await opened(stage)
    stage.pulls.update(1, {"state": "closed"})
    git(tmp_path / f"{stage.slug}.git", "update-ref", "-d", f"refs/heads/{HEAD}")
    assert await stage.forge.open_or_update(SPEC) is None


async def test_after_a_merge_another_one_is_opened(stage: Stage, tmp_path: Path) -> None:
    await opened(stage, SPEC.model_copy(update={"draft": False}))
    stage.pulls.merge(1)
    found = await stage.forge.find_pull_request("web", HEAD)
    assert found is not None
    assert found.state is PullRequestState.MERGED
    commit_files(tmp_path / f"{stage.slug}.git", HEAD, {"b.txt": "b\n"}, "Add b")
    assert (await opened(stage)).number == 2


async def test_people(stage: Stage) -> None:
    wanted = {"reviewers": ("octavia",), "assignees": ("octavia",)}
    assert (await opened(stage, SPEC.model_copy(update=wanted))).notes == ()
    pull = stage.pulls.get(1)
    assert (pull.reviewers, pull.assignees) == (("octavia",), ("octavia",))


async def test_what_could_not_be_done_is_told(stage: Stage) -> None:
    wanted = {"reviewers": ("nobody",), "assignees": ("nobody",)}
    assert set((await opened(stage, SPEC.model_copy(update=wanted))).notes) == {
        "nobody could not be assigned.", "nobody could not be asked to review."
    }  # fmt: skip


async def test_a_branch_that_is_not_there(stage: Stage) -> None:
    with pytest.raises(ForgeRefused):
        await stage.forge.open_or_update(SPEC.model_copy(update={"head": "nowhere"}))


async def test_a_token_that_is_not_good(stage: Stage) -> None:
    wrong = TOKENS[stage.kind].replace("a", "b")
    forge, pull_requests = stage.login(wrong)
    for call in (forge.open_or_update(SPEC), forge.find_pull_request("web", HEAD), pull_requests.look("web", 1)):
        with pytest.raises(ForgeRefused, match="give a new one") as caught:
            await call
        assert wrong not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403, 404, 422])
async def test_never(stage: Stage, status: int) -> None:
    """It is asked once, and said why, or what to do: the second time it would work."""
    fault = Fault(on="POST .*/(pulls|merge_requests)$", status=status, body='{"message": "no such luck"}')
    stage.faults.add(fault)
    with pytest.raises(ForgeRefused, match=r"forge\.auth|no such luck"):
        await opened(stage)
    assert (await opened(stage)).created


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_not_now(stage: Stage, status: int) -> None:
    fault = Fault(status=status, body='{"message": "later"}', headers={"retry-after": "42"}, times=FOREVER)
    stage.faults.add(fault)
    with pytest.raises(ForgeUnavailable) as caught:
        await opened(stage)
    assert caught.value.retry_after == 42.0
    stage.faults.clear()
    stage.faults.add(Fault(drop=True, times=FOREVER))
    with pytest.raises(ForgeUnavailable):
        await opened(stage)
    stage.faults.clear()
    assert (await opened(stage)).created


async def test_checks_and_the_end_of_their_logs(stage: Stage) -> None:
    await opened(stage)
    assert (await stage.pull_requests.look("web", 1)).checks.state is CheckState.NONE
    stage.ends(1, "test", "pending", "")
    assert (await stage.pull_requests.look("web", 1)).checks.state is CheckState.PENDING
    stage.ends(1, "lint", "passed", "")
    stage.ends(1, "test", "passed", "")
    checks = (await stage.pull_requests.look("web", 1)).checks
    assert (checks.state, checks.total, checks.failed) == (CheckState.PASSED, 2, ())
    stage.ends(1, "test", "failed", "".join(f"line {number}\n" for number in range(60)))
    (failed,) = (await stage.pull_requests.look("web", 1)).checks.failed
    assert failed.name == "test"
    assert (await stage.pull_requests.log_tail("web", failed)).splitlines() == [f"line {n}" for n in range(10, 60)]


async def test_what_people_say(stage: Stage) -> None:
    await opened(stage)
    stage.says(1, "octavia", "", "approved")
    stage.says(1, "octavia", "Why?", "", "a.txt", 1)
    stage.says(1, "reader", "Not yet.", "changes_requested" if stage.kind != "gitlab" else "")
    view = await stage.pull_requests.look("web", 1)
    asked = Verdict.COMMENTED if stage.kind == "gitlab" else Verdict.CHANGES_REQUESTED
    assert {(each.author, each.text, each.place, each.verdict) for each in view.remarks} == {
        ("octavia", "", "", Verdict.APPROVED),
        ("octavia", "Why?", "a.txt:1", Verdict.COMMENTED),
        ("reader", "Not yet.", "", asked),
    }
    assert len({each.id for each in view.remarks}) == 3
    assert view.author == "bot"


@pytest.mark.parametrize(("login", "may"), [("octavia", True), ("reader", False), ("nobody", False)])
async def test_who_may_write(stage: Stage, login: str, may: bool) -> None:
    assert await stage.pull_requests.may_write("web", login) is may


async def test_looking_again_costs_nothing(stage: Stage) -> None:
    await opened(stage)
    stage.ends(1, "test", "passed", "")
    first = await stage.pull_requests.look("web", 1)
    asked, unchanged = len(stage.requests), stage.unchanged()
    assert await stage.pull_requests.look("web", 1) == first
    assert stage.unchanged() - unchanged == len(stage.requests) - asked


async def test_the_end(stage: Stage) -> None:
    await opened(stage, SPEC.model_copy(update={"draft": False}))
    stage.pulls.update(1, {"state": "closed"})
    assert (await stage.pull_requests.look("web", 1)).state is PullRequestState.CLOSED
    stage.pulls.update(1, {"state": "open"})
    stage.pulls.merge(1)
    assert (await stage.pull_requests.look("web", 1)).state is PullRequestState.MERGED
    with pytest.raises(ForgeRefused):
        await stage.pull_requests.look("web", 7)


async def test_from_a_bundle_over_git_to_a_request(stage: Stage, tmp_path: Path) -> None:
    """The push logs in with the same token, through the forge's git over HTTP."""
    token = TOKENS[stage.kind]
    async with GitServer(tmp_path, [token]) as server:
        remote = RepoRemote("web", server.clone_url(stage.slug), Secret(token))
        mirror = GitMirror(tmp_path / "state" / "mirrors", {"web": remote})
        base = await mirror.refresh("web")
        await mirror.clone("web", base, tmp_path / "workspace")
        worker = Worker(tmp_path / "workspace")
        tip = worker.commit({"c.txt": "c\n"})
        spec = PushSpec(repo="web", branch="airut/c-3jkllsxy", base=base.commit, default_branch="main")
        push = await mirror.publish(spec, worker.bundle(f"{base.commit}..HEAD"))
    assert push is not None
    found = await opened(stage, SPEC.model_copy(update={"head": push.branch}))
    assert stage.pulls.get(found.number).head_sha == tip == (await stage.pull_requests.look("web", found.number)).head
