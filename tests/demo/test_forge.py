"""The forge emulator, asked by the real githubkit; judged by GitHub's description if AIRUT_GITHUB_OPENAPI names it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from githubkit import GitHub, Response, TokenAuthStrategy
from githubkit.exception import RequestError, RequestFailed

from airut.demo.faults import Fault
from airut.demo.forge import INSPECT, GitHubForge
from airut.demo.github_schema import GitHubSchema
from airut.demo.repositories import commit_files, default_branch, git, read_file, resolve, seed_repository

TOKEN = "ghp_" + "a" * 36
Client = GitHub[TokenAuthStrategy]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    bare = seed_repository(tmp_path, {"README.md": "# Web\n"})
    commit_files(bare, "feature", {"a.txt": "a\n"}, "Add a", base="main")
    return bare


@pytest.fixture
async def forge(tmp_path: Path, repository: Path) -> AsyncIterator[GitHubForge]:
    async with GitHubForge(tmp_path, {TOKEN: "airut-bot"}, collaborators=["octavia"]) as running:
        yield running
        assert running.violations == []


@pytest.fixture
def github(forge: GitHubForge) -> Client:
    return client(forge, TOKEN)


def client(forge: GitHubForge, token: str) -> Client:
    # Retries belong to the workflow; the cache would hide what is sent.
    return GitHub(TokenAuthStrategy(token), base_url=forge.url, auto_retry=False, http_cache=False, trust_env=False)


def every(response: Response[Any, Any]) -> list[Any]:
    """The list of an answer: type checkers take githubkit's `list[…]` for its methods of that name."""
    parsed = response.parsed_data
    assert isinstance(parsed, list)
    return parsed


async def open_feature(github: Client, draft: bool = True) -> int:
    created = await github.rest.pulls.async_create(
        "acme", "web", title="Add a", head="feature", base="main", body="Adds a.", draft=draft
    )
    return created.parsed_data.number


async def refusal(github: Client, title: str = "T", head: str = "feature", base: str = "main") -> tuple[int, str]:
    """Status and document of a refused creation."""
    with pytest.raises(RequestFailed) as failed:
        await github.rest.pulls.async_create("acme", "web", title=title, head=head, base=base)
    return failed.value.response.status_code, failed.value.response.text


async def test_repository(github: Client) -> None:
    repository = (await github.rest.repos.async_get("acme", "web")).parsed_data
    assert (repository.full_name, repository.default_branch) == ("acme/web", "main")
    assert (await github.rest.users.async_get_authenticated()).parsed_data.login == "airut-bot"


async def test_open_and_find_by_head(github: Client, repository: Path) -> None:
    number = await open_feature(github)
    (found,) = every(await github.rest.pulls.async_list("acme", "web", head="acme:feature", state="all"))
    assert (found.number, found.draft, found.head.sha) == (number, True, resolve(repository, "feature"))
    assert (await github.rest.pulls.async_list("acme", "web", head="acme:other")).parsed_data == []
    whole = (await github.rest.pulls.async_get("acme", "web", number)).parsed_data
    assert (whole.commits, whole.additions, whole.changed_files, whole.mergeable) == (1, 1, 1, True)
    assert resolve(repository, f"refs/pull/{number}/head") == found.head.sha


async def test_a_filter_without_owner_is_ignored_as_github_does(github: Client) -> None:
    await open_feature(github)
    assert len((await github.rest.pulls.async_list("acme", "web", head="other")).parsed_data) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"head": "nowhere"}, '"field": "head"'),
        ({"head": "stranger:feature"}, '"field": "head"'),
        ({"base": "nowhere"}, '"field": "base"'),
        ({"head": "main"}, "No commits between main and main"),
        ({"head": "same"}, "No commits between main and same"),
        ({"title": " "}, '"field": "title"'),
    ],
)
async def test_refused(github: Client, repository: Path, values: dict[str, str], reason: str) -> None:
    git(repository, "branch", "same", "main")
    status, text = await refusal(github, **values)
    assert status == 422
    assert reason in text


async def test_two_at_once_make_one(github: Client, forge: GitHubForge) -> None:
    results = await asyncio.gather(*(open_feature(github) for _ in range(4)), return_exceptions=True)
    failures = [result for result in results if isinstance(result, RequestFailed)]
    assert len(failures) == 3
    assert "A pull request already exists for acme:feature." in failures[0].response.text
    assert len(forge.pulls().all()) == 1


async def test_update_labels_reviewers_assignees_comments(github: Client, forge: GitHubForge) -> None:
    number = await open_feature(github)
    await github.rest.pulls.async_update("acme", "web", number, title="Better", body="More.")
    labels = await github.rest.issues.async_add_labels("acme", "web", number, labels=["airut", "bug"])
    await github.rest.issues.async_add_labels("acme", "web", number, labels=["airut"])
    await github.rest.pulls.async_request_reviewers("acme", "web", number, reviewers=["octavia"])
    await github.rest.issues.async_add_assignees("acme", "web", number, assignees=["octavia", "stranger"])
    await github.rest.issues.async_create_comment("acme", "web", number, body="Hello")
    comments = every(await github.rest.issues.async_list_comments("acme", "web", number))
    pull = forge.pulls().get(number)
    assert [label.name for label in every(labels)] == ["airut", "bug"]
    assert [comment.body for comment in comments] == ["Hello"]
    assert (pull.title, pull.body, pull.reviewers, pull.assignees, pull.comments) == (
        "Better", "More.", ("octavia",), ("octavia",), 1,
    )  # fmt: skip
    assert [label.name for label in pull.labels] == ["airut", "bug"]


@pytest.mark.parametrize(("reviewer", "reason"), [("stranger", "collaborators"), ("airut-bot", "author")])
async def test_reviewers_who_cannot(github: Client, reviewer: str, reason: str) -> None:
    number = await open_feature(github)
    with pytest.raises(RequestFailed, match="422"):
        await github.rest.pulls.async_request_reviewers("acme", "web", number, reviewers=[reviewer])


async def test_diff(github: Client) -> None:
    number = await open_feature(github)
    headers = {"accept": "application/vnd.github.diff"}
    answer = await github.arequest("GET", f"/repos/acme/web/pulls/{number}", headers=headers)
    assert "diff --git a/a.txt b/a.txt" in answer.text
    assert "+a" in answer.text


async def test_head_moves_is_deleted_and_returns(github: Client, forge: GitHubForge, repository: Path) -> None:
    number = await open_feature(github)
    new = commit_files(repository, "feature", {"b.txt": "b\n"}, "Add b")
    assert forge.pulls().get(number).head_sha == new
    await github.rest.git.async_delete_ref("acme", "web", "heads/feature")
    assert forge.pulls().get(number).state == "closed"
    with pytest.raises(RequestFailed):
        await github.rest.pulls.async_update("acme", "web", number, state="open")
    git(repository, "branch", "feature", new)
    await github.rest.pulls.async_update("acme", "web", number, state="open")
    assert forge.pulls().get(number).state == "open"


async def test_force_pushed_after_close_cannot_reopen(github: Client, repository: Path) -> None:
    number = await open_feature(github)
    await github.rest.pulls.async_update("acme", "web", number, state="closed")
    git(repository, "update-ref", "-d", "refs/heads/feature")
    commit_files(repository, "feature", {"c.txt": "c\n"}, "Other", base="main")
    with pytest.raises(RequestFailed) as failed:
        await github.rest.pulls.async_update("acme", "web", number, state="open")
    assert "force-pushed or recreated" in failed.value.response.text


async def test_merged(github: Client, forge: GitHubForge, repository: Path) -> None:
    number = await open_feature(github, draft=False)
    forge.pulls().merge(number)
    pull = (await github.rest.pulls.async_get("acme", "web", number)).parsed_data
    assert (pull.merged, pull.state) == (True, "closed")
    assert read_file(repository, default_branch(repository), "a.txt") == "a"
    assert (await refusal(github))[1].count("No commits between") == 1


async def test_conflict_is_not_mergeable(github: Client, repository: Path) -> None:
    number = await open_feature(github)
    commit_files(repository, "main", {"a.txt": "other\n"}, "Conflict")
    assert (await github.rest.pulls.async_get("acme", "web", number)).parsed_data.mergeable is False


async def test_checks_and_refs(github: Client, forge: GitHubForge, repository: Path) -> None:
    sha = resolve(repository, "feature") or ""
    forge.set_check(sha, "build", "failure")
    forge.set_check(sha, "lint", None)
    runs = (await github.rest.checks.async_list_for_ref("acme", "web", "feature")).parsed_data.check_runs
    assert [(run.name, run.status, run.conclusion) for run in runs] == [
        ("build", "completed", "failure"),
        ("lint", "in_progress", None),
    ]
    ref = (await github.rest.git.async_get_ref("acme", "web", "heads/feature")).parsed_data
    assert ref.object_.sha == sha


@pytest.mark.parametrize(("token", "repo", "status"), [("wrong", "web", 401), (TOKEN, "none", 404)])
async def test_who_may_see_what(forge: GitHubForge, token: str, repo: str, status: int) -> None:
    github = client(forge, token)
    with pytest.raises(RequestFailed) as failed:
        await github.rest.repos.async_get("acme", repo)
    assert failed.value.response.status_code == status


@pytest.mark.parametrize(
    ("fault", "status", "header"),
    [
        (Fault.server_error("/pulls"), 503, "content-type"),
        (Fault.rate_limited("/pulls"), 403, "x-ratelimit-reset"),
        (Fault.secondary_limit("/pulls", 7), 403, "retry-after"),
        (Fault.missing_right("POST .*/pulls"), 403, "content-type"),
    ],
)
async def test_faults(github: Client, forge: GitHubForge, fault: Fault, status: int, header: str) -> None:
    forge.faults.add(fault)
    with pytest.raises(RequestFailed) as failed:
        await open_feature(github)
    assert failed.value.response.status_code == status
    assert header in failed.value.response.headers
    assert forge.pulls().all() == []


async def test_lost_answer_leaves_the_pull_request(github: Client, forge: GitHubForge) -> None:
    forge.faults.add(Fault.lost_answer("POST .*/pulls"))
    with pytest.raises(RequestError):
        await open_feature(github)
    assert [pull.head for pull in forge.pulls().all()] == ["feature"]


async def test_state_for_another_process_and_etag(github: Client, forge: GitHubForge) -> None:
    await open_feature(github)
    async with httpx.AsyncClient(
        base_url=forge.url, headers={"authorization": f"token {TOKEN}"}, trust_env=False
    ) as http:
        state = (await http.get(INSPECT)).json()
        first = await http.get("/repos/acme/web/pulls")
        again = await http.get("/repos/acme/web/pulls", headers={"if-none-match": first.headers["etag"]})
    assert [pull["head"] for pull in state["pulls"]] == ["feature"]
    assert again.status_code == 304


async def test_a_request_that_github_would_not_know_is_a_violation(tmp_path: Path, repository: Path) -> None:
    if GitHubSchema.from_environment() is None:
        pytest.skip("AIRUT_GITHUB_OPENAPI does not name GitHub's OpenAPI description (npm: @octokit/openapi)")
    async with GitHubForge(tmp_path, {TOKEN: "airut-bot"}) as forge:
        async with httpx.AsyncClient(
            base_url=forge.url, headers={"authorization": f"token {TOKEN}"}, trust_env=False
        ) as http:
            answers = [
                await http.post(
                    "/repos/acme/web/pulls", json={"title": "T", "head": "feature", "base": "main", "drft": True}
                ),
                await http.post("/repos/acme/web/pulls", json={"title": "T", "head": "feature"}),
                await http.get("/repos/acme/web/pulls", params={"state": "merged"}),
                await http.get("/repos/acme/web/pulls", params={"branch": "feature"}),
            ]
        assert [answer.status_code for answer in answers] == [500] * 4
        assert [violation.split(": ", 1)[1] for violation in forge.violations] == [
            "unknown field 'drft'",
            "$: 'base' is a required property",
            "$: 'merged' is not one of ['open', 'closed', 'all']",
            "unknown query parameter 'branch'",
        ]
