"""What `airut check` says of repositories and forges."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.github import GitHubRepository
from airut.adapters.github.rights import Rights
from airut.demo.forge import GitHubForge as Emulator
from airut.demo.repositories import seed_repository
from airut.errors import ForgeRefused
from airut.models.credentials.secret import Secret
from airut.models.hosts.workspace import DefaultBranch, TreeFile
from airut.operations.check.finding import Finding, fail, ok, warn
from airut.operations.check.repositories import faults, forge, judge, repository
from tests.activities.agent_bench import Tree

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


class Branch(Tree):
    """A mirror that has been fetched."""

    async def refresh(self, repo: str) -> DefaultBranch:
        return DefaultBranch(name="main", commit="c" * 40)


@pytest.mark.parametrize(
    ("files", "container", "said"),
    [
        ({}, CONTAINER, ok("web .airut", "none: sandboxes are the base image, and reach the granted presets only")),
        (
            {".airut/container/Dockerfile": "FROM airut/base\n"},
            "tools/image",
            warn(
                "web .airut",
                "the default branch has neither Dockerfile nor Containerfile in tools/image",
                "correct container.path in airut.yaml, or put one there; without the folder sandboxes are the base image",
            ),
        ),
        (
            {"tools/image/Containerfile": "FROM airut/base\nADD https://example.org/x /x\n"},
            "tools/image",
            fail(
                "web .airut",
                "tools/image/Containerfile:2: ADD https://example.org/x: the engine would fetch it, past the fence "
                "(fetch it in a step that the build's allowlist decides on: RUN curl -fsSL -o FILE URL)",
                MEND,
            ),
        ),
        (
            {"tools/image/Containerfile": "FROM airut/base\n"},
            "tools/image",
            ok("web .airut", "valid"),
        ),
    ],
)
async def test_the_image_is_looked_at_where_it_is_built_from(
    files: dict[str, str], container: str, said: Finding
) -> None:
    first, found = await repository("web", "web", Branch(files), container, ())
    assert first == ok("web", f"main at {'c' * 12}")
    assert found == said


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
