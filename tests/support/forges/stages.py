"""Each kind of forge as a test needs it: our adapters in front of its stand-in, and people who act there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.gitea import GiteaForge, GiteaPullRequests
from airut.adapters.github import GitHubForge, GitHubRepository
from airut.adapters.github.pull_requests import GitHubPullRequests
from airut.adapters.gitlab import GitLabForge, GitLabPullRequests
from airut.demo.faults import Faults
from airut.demo.forge import GitHubForge as GitHub
from airut.demo.github_documents import number_of
from airut.demo.github_pulls import Pulls
from airut.models.credentials.secret import Secret
from airut.ports.forge import Forge
from airut.ports.pull_requests import PullRequests
from tests.support.forges.gitea import Gitea
from tests.support.forges.gitlab import GitLab
from tests.support.forges.stand_in import StandIn, Status

TOKENS = {"github": "ghp_" + "a" * 36, "gitlab": "glpat-" + "a" * 20, "gitea": "a" * 40}
SLUGS = {"github": "acme/web", "gitlab": "acme/sub/deep/web", "gitea": "acme/web"}
DRAFTS = {"github": "", "gitlab": "Draft: ", "gitea": "WIP: "}
"""What says in a title that it is a draft; GitHub has a field for that."""
KINDS = tuple(TOKENS)


@dataclass(frozen=True)
class Stage:
    """`says` is a person's word of a pull request; `ends` is a check of its newest commit with its log."""

    kind: str
    forge: Forge
    pull_requests: PullRequests
    pulls: Pulls
    faults: Faults
    requests: list[str]
    says: Callable[..., None]
    ends: Callable[[int, str, str, str], None]
    may: Callable[[str, str], None]
    unchanged: Callable[[], int]
    login: Callable[[str], tuple[Forge, PullRequests]]
    """Our adapters with another token."""

    @property
    def slug(self) -> str:
        return SLUGS[self.kind]


@asynccontextmanager
async def staged(kind: str, folder: Path) -> AsyncIterator[Stage]:
    """With `folder/SLUG.git` behind it."""
    if kind == "github":
        async with GitHub(folder, {TOKENS[kind]: "bot"}, collaborators=["octavia"]) as hub:
            yield _github(hub)
            assert hub.violations == [], hub.violations
        return
    made = GitLab if kind == "gitlab" else Gitea
    async with made(folder, SLUGS[kind], TOKENS[kind], people={"octavia": "write", "reader": "read"}) as stand_in:
        yield _other(kind, stand_in)
        assert stand_in.violations == [], stand_in.violations


def _github(hub: GitHub) -> Stage:
    def repository(token: str) -> Callable[[str], GitHubRepository]:
        return lambda repo: GitHubRepository(SLUGS["github"], Secret(token), hub.url)

    def login(token: str) -> tuple[Forge, PullRequests]:
        return GitHubForge(repository(token)), GitHubPullRequests(repository(token))

    def says(number: int, author: str, body: str, verdict: str = "", path: str = "", line: int = 0) -> None:
        if path:
            hub.comment_on_line(number, author, body, path, line)
        else:
            hub.review(number, author, body, verdict.upper() or "COMMENTED")

    def ends(number: int, name: str, state: str, log: str = "") -> None:
        sha = hub.pulls().get(number).head_sha
        hub.set_check(sha, name, {"passed": "success", "failed": "failure", "pending": None}[state])
        hub.talk.logs[number_of(sha + name)] = log

    hub.talk.permissions.update({"octavia": "write", "reader": "read"})
    forge, pull_requests = login(TOKENS["github"])
    return Stage(
        kind="github", forge=forge, pull_requests=pull_requests, pulls=hub.pulls(), faults=hub.faults,
        requests=hub.requests, says=says, ends=ends, may=hub.talk.permissions.__setitem__,
        unchanged=lambda: hub.unchanged, login=login,
    )  # fmt: skip


def _other(kind: str, stand_in: GitLab | Gitea) -> Stage:
    def login(token: str) -> tuple[Forge, PullRequests]:
        repository = ForgeRepository(SLUGS[kind], Secret(token), stand_in.api)
        if kind == "gitlab":
            return GitLabForge(lambda repo: repository), GitLabPullRequests(lambda repo: repository)
        return GiteaForge(lambda repo: repository), GiteaPullRequests(lambda repo: repository)

    def ends(number: int, name: str, state: str, log: str = "") -> None:
        kept = stand_in.statuses[stand_in.head(number)]
        kept[:] = [each for each in kept if each.name != name] + [Status(name, state, log)]

    forge, pull_requests = login(TOKENS[kind])
    held: StandIn = stand_in
    return Stage(
        kind=kind, forge=forge, pull_requests=pull_requests, pulls=held.pulls, faults=held.faults,
        requests=held.requests, says=held.says, ends=ends, may=held.people.__setitem__,
        unchanged=lambda: held.unchanged, login=login,
    )  # fmt: skip


def with_title(stage: Stage, title: str) -> str:
    """How a draft of this title is called there."""
    return DRAFTS[stage.kind] + title
