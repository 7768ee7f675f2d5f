"""From a bundle to a pull request, through a real git host and the stand-in for GitHub."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.publish import Publishing
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.git import GitMirror, RepoRemote
from airut.adapters.github import GitHubForge, GitHubRepository
from airut.demo.forge import GitHubForge as Emulator
from airut.demo.git_server import GitServer
from airut.demo.repositories import git, seed_repository
from airut.models.blob import Text
from airut.models.credentials.secret import Secret
from airut.models.hosts.repository import PullRequestSettings
from airut.models.hosts.workspace import DefaultBranch
from airut.models.pull_requests.body import BEGIN, END
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.tasks.steps import PublishInput, PublishResult
from airut.models.tasks.task import TaskInput
from airut.models.threads.message import ChannelKind, ConsoleRoute, InboundMessage
from tests.activities.agent_bench import Configured
from tests.adapters.git.stage import REPO, SLUG, TOKEN, Stage, Worker

NOW = datetime(2026, 5, 1, tzinfo=UTC)
THREAD = "web/console/abcdefghij234567"
FILES = {"README.md": "# Web\n", ".github/PULL_REQUEST_TEMPLATE.md": "## Why\n\n- [ ] tested\n"}


@dataclass
class Settled(Configured):
    settings: PullRequestSettings = field(default_factory=PullRequestSettings)

    def pull_request(self, repo: str) -> PullRequestSettings:
        return self.settings


@dataclass
class Desk:
    """A thread's publications, one after the other; each knows what the one before left."""

    stage: Stage
    emulator: Emulator
    blobs: LocalBlobStore
    worker: Worker
    base: DefaultBranch
    settings: PullRequestSettings = field(default_factory=PullRequestSettings)
    last: PublishResult = field(default_factory=PublishResult)

    async def publish(self, *, forgetful: bool = False) -> PublishResult:
        forge = GitHubForge(lambda repo: GitHubRepository(SLUG, Secret(TOKEN), self.emulator.url))
        publishing = Publishing(self.stage.mirror, forge, self.blobs, Settled(settings=self.settings))
        known = PublishResult() if forgetful else self.last
        task = TaskInput(
            thread=THREAD, repo=REPO, channel=ChannelKind.CONSOLE, number=1, messages=(message(),), session_id="s",
            branch=known.branch, published=known.commit, pull_request=known.pull_request,
        )  # fmt: skip
        bundle = await self.blobs.put(self.worker.bundle(f"{self.base.commit}..HEAD"))
        order = PublishInput(task=task, policy=self.base, bundle=bundle, text=Text(inline="Done."))
        self.last = await publishing.publish(order)
        return self.last

    def pulls(self) -> list[tuple[int, str, str]]:
        return [(pull.number, pull.head, pull.state) for pull in reversed(self.emulator.pulls().all())]


def message() -> InboundMessage:
    return InboundMessage(
        key="k", thread=THREAD, repo=REPO, channel=ChannelKind.CONSOLE, author="ann@example.org", sent_at=NOW,
        received_at=NOW, subject="Mend it", text=Text(inline="Please."), route=ConsoleRoute(),
    )  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    repository = seed_repository(tmp_path / "remote", FILES)
    async with GitServer(tmp_path / "remote", [TOKEN]) as server, Emulator(tmp_path / "remote", {TOKEN: "bot"}) as hub:
        root = tmp_path / "state" / "mirrors"
        remote = RepoRemote(REPO, server.clone_url(SLUG), Secret(TOKEN))
        stage = Stage(server, repository, GitMirror(root, {REPO: remote}), root)
        worker, base = await stage.checkout()
        worker.commit({"a.txt": "one\n"})
        yield Desk(stage, hub, LocalBlobStore(tmp_path / "blobs"), worker, base)
        assert hub.violations == []


async def test_opened_with_the_repositorys_template(desk: Desk) -> None:
    done = await desk.publish()
    assert done.pull_request is not None
    assert (done.branch, done.notes, done.pull_request.number) == (done.pull_request.head, (), 1)
    body = desk.emulator.pulls().get(1).body or ""
    assert body.startswith(f"## Why\n\n- [ ] tested\n\n{BEGIN}\n### Request\n\n> Mend it\n>\n> Please.\n")
    assert body.endswith(END)


async def test_a_configured_template_and_branch_win(desk: Desk) -> None:
    desk.settings = PullRequestSettings(template="Ours first.", branch="bots/{short}/{slug}")
    done = await desk.publish()
    assert (done.branch or "").endswith("/mend-it")
    assert (desk.emulator.pulls().get(1).body or "").startswith(f"Ours first.\n\n{BEGIN}")


async def test_a_change_of_what_sandboxes_are_built_from_is_labelled(desk: Desk) -> None:
    desk.settings = PullRequestSettings(container="a.txt")
    await desk.publish()
    assert [label.name for label in desk.emulator.pulls().get(1).labels] == ["airut", "airut-policy-change"]


async def test_closed_is_opened_again(desk: Desk) -> None:
    first = await desk.publish()
    desk.emulator.pulls().update(1, {"state": "closed"})
    desk.worker.commit({"a.txt": "two\n"})
    again = await desk.publish()
    assert again.branch == first.branch
    assert desk.pulls() == [(1, first.branch, "open")]


async def test_closed_for_good_takes_another_branch_and_says_the_same_when_asked_again(desk: Desk) -> None:
    first = await desk.publish()
    desk.emulator.pulls().update(1, {"state": "closed"})
    git(desk.stage.repository, "update-ref", "-d", f"refs/heads/{first.branch}")
    desk.worker.git("commit", "--amend", "--quiet", "-m", "Rewritten")
    known = desk.last
    again = await desk.publish()
    desk.last = known
    assert await desk.publish() == again.model_copy(
        update={"pull_request": again.pull_request and again.pull_request.model_copy(update={"created": False})}
    )
    assert again.branch == f"{first.branch}-2"
    assert desk.pulls() == [(1, first.branch, "closed"), (2, again.branch, "open")]


async def test_merged_begins_a_fresh_branch(desk: Desk) -> None:
    desk.settings = PullRequestSettings(draft=False)
    first = await desk.publish()
    desk.emulator.pulls().merge(1)
    desk.worker.commit({"b.txt": "more\n"})
    again = await desk.publish()
    assert again.pull_request is not None
    assert (again.branch, again.pull_request.state) == (f"{first.branch}-2", PullRequestState.OPEN)
    assert [(number, state) for number, _, state in desk.pulls()] == [(1, "closed"), (2, "open")]


async def test_a_lost_answer_opens_nothing_twice(desk: Desk) -> None:
    first = await desk.publish()
    again = await desk.publish(forgetful=True)
    assert (again.branch, again.commit) == (first.branch, first.commit)
    assert len(desk.pulls()) == 1


async def test_nothing_new_opens_nothing(desk: Desk) -> None:
    await desk.publish()
    desk.emulator.pulls().update(1, {"state": "closed"})
    assert await desk.publish() == PublishResult()
    assert [state for _, _, state in desk.pulls()] == ["closed"]


async def test_a_conflict_is_told_with_what_to_do(desk: Desk) -> None:
    desk.stage.advance({"a.txt": "theirs\n"})
    done = await desk.publish()
    assert done.notes == (
        "The branch conflicts with `main` in `a.txt`. Reply with *rebase onto main* to have that resolved.",
    )


async def test_without_a_forge_the_branch_is_all(desk: Desk) -> None:
    desk.settings = PullRequestSettings(enabled=False)
    done = await desk.publish()
    assert (done.pull_request, desk.stage.at(done.branch or "")) == (None, done.commit)
    assert desk.emulator.requests == []


async def test_changed_rules_are_labelled(desk: Desk) -> None:
    desk.worker.commit({".github/workflows/ci.yml": "on: push\n"})
    await desk.publish()
    assert [label.name for label in desk.emulator.pulls().get(1).labels] == ["airut", "airut-policy-change"]
