"""What `airut check` says of repositories and forges."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.github import GitHubRepository
from airut.adapters.github.rights import Rights
from airut.demo.forge import GitHubForge as Emulator
from airut.demo.repositories import seed_repository
from airut.errors import ForgeRefused
from airut.models.secret import Secret
from airut.models.workspace import TreeFile
from airut.operations.check.finding import Finding, fail, ok
from airut.operations.check.repositories import faults, forge, judge

MEND = "mend it on the default branch: no task runs until then"
CONTAINER = ".airut/container"
TOKEN = "ghp_" + "a" * 36


def file(path: str, text: str) -> TreeFile:
    return TreeFile(path=path, mode=0o100644, content=text.encode())


def test_files_that_decide_about_a_sandbox() -> None:
    allowlist = file("network-allowlist.yaml", "domains: [example.org]\n")
    dockerfile = file("Dockerfile", "FROM airut/base\n")

    def said(*files: TreeFile, docker: TreeFile = dockerfile) -> tuple[Finding, ...]:
        return faults("web .airut", files, (docker,), CONTAINER, ())

    assert said(allowlist) == (ok("web .airut", "valid"),)
    assert faults("web .airut", (), (), CONTAINER, ()) == (
        ok("web .airut", "none: sandboxes are the base image, and reach the granted presets only"),
    )
    broken = said(
        file("network-allowlist.yaml", "domains: [example.org]\nhosts: []\n"),
        docker=file("Dockerfile", "FROM airut/base\nADD https://example.org/x /x\n"),
    )
    assert [(each.check, each.state, each.remedy) for each in broken] == [("web .airut", "fail", MEND)] * 2
    assert broken[0].says.startswith(".airut/network-allowlist.yaml:2:")
    assert broken[1].says.startswith(".airut/container/Dockerfile:2:")


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        (
            Rights(push=True, pull_requests=True, archived=False),
            ok("web forge", "may push to acme/web and see its pull requests"),
        ),
        (
            Rights(push=False, pull_requests=True, archived=False),
            fail(
                "web forge",
                "the token may not push to acme/web",
                "give the token contents and pull requests, read and write, on this repository",
            ),
        ),
        (
            Rights(push=True, pull_requests=False, archived=False),
            fail(
                "web forge",
                "the token cannot see pull requests of acme/web",
                "give it pull requests, read and write",
            ),
        ),
        (
            Rights(push=True, pull_requests=True, archived=True),
            fail("web forge", "acme/web is archived", "take the repository out of airut.yaml, or unarchive it"),
        ),
    ],
)
def test_what_a_token_may_do(rights: Rights, said: Finding) -> None:
    assert judge("web forge", "acme/web", rights) == said


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[Emulator]:
    seed_repository(tmp_path, {"README.md": "# Web\n"})
    async with Emulator(tmp_path, {TOKEN: "airut-bot"}) as running:
        yield running
        assert running.violations == []


async def test_asked_at_the_forge(emulator: Emulator) -> None:
    def repository(token: str) -> GitHubRepository:
        return GitHubRepository("acme/web", Secret(token), emulator.url)

    assert await forge("web forge", repository(TOKEN)) == (
        ok("web forge", "may push to acme/web and see its pull requests"),
    )
    with pytest.raises(ForgeRefused, match=r"the token under forge\.auth is not valid any more"):
        await forge("web forge", repository("ghp_" + "b" * 36))
