"""What becomes of a pull request comes back through each channel: real processes, mail, Slack, and GitHub's stand-in."""

from collections.abc import AsyncIterator

import pytest

from airut.demo.forge import GitHubForge as Emulator
from airut.demo.github_documents import number_of
from airut.demo.repositories import commit_files, seed_repository
from airut.models.pull_requests.follow_up import OnFailure
from tests.contract.people import Mailing, Person, Slacking, hears, hears_of
from tests.support.agent_results import REQUEST, done
from tests.support.installation import Installation

TOKEN = "ghp_" + "a" * 36


@pytest.fixture(scope="module")
async def forge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Emulator]:
    folder = tmp_path_factory.mktemp("forge")
    bare = seed_repository(folder, {"README.md": "# Web\n"})
    commit_files(bare, REQUEST.head, {"a.txt": "a\n"}, "Add a", base="main")
    async with Emulator(folder, {TOKEN: "airut-bot"}) as running:
        running.pulls().create("Mend it", REQUEST.head, "main", None, "airut-bot", draft=False, modify=True)
        running.talk.permissions["octavia"] = "write"
        yield running
        assert running.violations == []


@pytest.fixture(scope="module")
async def followed(forge: Emulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    section = f"{{kind: github, base_url: '{forge.url}', auth: {{token: {TOKEN}}}}}"
    async with Installation.running(tmp_path_factory.mktemp("followed"), forge=section) as running:
        running.host.forge.on_failure = OnFailure.NOTIFY
        yield running


@pytest.mark.parametrize("channel", ["email", "slack"])
async def test_failed_checks_and_a_review_come_back(followed: Installation, forge: Emulator, channel: str) -> None:
    forge.talk.reviews.clear()
    head = commit_files(forge.folder / "acme/web.git", REQUEST.head, {"a.txt": f"{channel}\n"}, "Change a")
    forge.talk.logs[number_of(head + "test")] = "collecting\nassert 1 == 2\n"
    followed.host.agent = lambda order: done(f"Done: {(order.task.messages[-1].text.inline or '')[:40]}")
    person: Person = Mailing(followed) if channel == "email" else Slacking(followed)
    await person.writes("add a file")
    await hears(person, "done")
    if channel == "email":  # a worker that is killed between two looks is not missed
        await followed.until(lambda: any(f"/{head}/status" in request for request in forge.requests))
        await followed.kill("control")
        await followed.start("control")
    forge.set_check(head, "test", "failure")
    await hears_of(person, "assert 1 == 2")
    forge.review(1, "octavia", f"Name it {channel}.", "CHANGES_REQUESTED")
    await hears(person, "done", 2)
    (said,) = [each for each in followed.runs(person.thread)[-1].task.messages if each.author == "octavia at the forge"]
    assert f"> Name it {channel}." in (said.text.inline or "")
    assert len([each for each in await person.heard() if "assert 1 == 2" in each.text]) == 1
