"""What each operation of the forge does: one small function for one path of GitHub's description."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from airut.demo.github_apps import Apps, Caller, moment
from airut.demo.github_documents import Documents, Json, Pull, now, number_of
from airut.demo.github_pulls import Pulls, Refused, invalid
from airut.demo.github_talk import Talk
from airut.demo.repositories import GitFailed, default_branch, git, resolve


@dataclass(frozen=True)
class Text:
    """An answer that is no JSON: a diff."""

    text: str
    media_type: str


@dataclass(frozen=True)
class Redirect:
    """An answer that lies elsewhere."""

    path: str


@dataclass(frozen=True)
class Call:
    """A request that has been authenticated and parsed, with what the forge knows."""

    login: str
    caller: Caller
    apps: Apps
    folder: Path
    variables: dict[str, str]
    query: dict[str, str]
    body: dict[str, JsonValue]
    values: list[JsonValue]
    """The body where it is a list."""
    accept: str
    repo: str
    repository: Path
    kept: Pulls | None
    collaborators: frozenset[str]
    documents: Documents
    comments: dict[tuple[str, int], list[Json]]
    checks: dict[str, dict[str, str | None]]
    talk: Talk

    @property
    def pulls(self) -> Pulls:
        assert self.kept, "the path names a repository"
        return self.kept

    @property
    def number(self) -> int:
        return int(self.variables.get("pull_number") or self.variables["issue_number"])

    def names(self, field: str) -> list[str]:
        """The names in a list of strings or of objects with a name."""
        found = self.body.get(field)
        values = self.values or (found if isinstance(found, list) else [])
        return [str(value["name"]) if isinstance(value, dict) else str(value) for value in values]

    def page(self, documents: list[JsonValue]) -> list[JsonValue]:
        size = min(int(self.query.get("per_page", "30")), 100)
        start = (int(self.query.get("page", "1")) - 1) * size
        return documents[start : start + size]

    def pull_document(self, pull: Pull) -> Json:
        return self.documents.pull(pull, default_branch(self.repository), self.pulls.size(pull))


Answer = tuple[int, JsonValue | Text | Redirect]
Route = tuple[str, str, Callable[[Call], Answer]]
"""Method and path as in GitHub's description, and who answers."""


def get_user(call: Call) -> Answer:
    return 200, call.documents.own_user(call.login)


def create_installation_token(call: Call) -> Answer:
    if call.caller.app is None:
        raise Refused(401, "A JSON web token could not be decoded")
    grant = call.apps.issue(call.caller.app, int(call.variables["installation_id"]), call.body)
    document: Json = {
        "token": grant.token,
        "expires_at": moment(grant.expires_at),
        "permissions": {**grant.permissions},
        "repository_selection": "selected" if "repositories" in call.body else "all",
    }
    if "repositories" in call.body:
        document["repositories"] = [_repository(call, name) for name in grant.repositories]
    return 201, document


def list_installation_repositories(call: Call) -> Answer:
    if call.caller.grant is None:
        raise Refused(403, "You must authenticate with an installation access token in order to list repositories")
    found: list[JsonValue] = [_repository(call, name) for name in call.caller.grant.repositories]
    return 200, {"total_count": len(found), "repositories": call.page(found)}


def _repository(call: Call, name: str) -> Json:
    kept = call.folder / f"{name}.git"  # of hundreds that a test installs, few are there
    return call.documents.repository(name, default_branch(kept) if kept.exists() else "main")


def get_repository(call: Call) -> Answer:
    return 200, call.documents.repository(call.repo, default_branch(call.repository))


def list_pulls(call: Call) -> Answer:
    query, pulls = call.query, call.pulls.all()
    state = query.get("state", "open")
    owner, separator, branch = query.get("head", "").partition(":")
    if separator:  # without an owner GitHub ignores the filter, which is a trap worth keeping
        pulls = [pull for pull in pulls if (pull.owner, pull.head) == (owner, branch)]
    pulls = [pull for pull in pulls if state in ("all", pull.state) and query.get("base", pull.base) == pull.base]
    if query.get("sort") == "updated":
        pulls.sort(key=lambda pull: pull.updated_at, reverse=True)
    if query.get("direction", "desc" if query.get("sort", "created") == "created" else "asc") == "asc":
        pulls.reverse()
    main = default_branch(call.repository)
    return 200, call.page([call.documents.pull_simple(pull, main) for pull in pulls])


def create_pull(call: Call) -> Answer:
    body = call.body
    text = body.get("body")
    pull = call.pulls.create(
        title=str(body.get("title", "")), head=str(body["head"]), base=str(body["base"]), author=call.login,
        body=None if text is None else str(text), draft=body.get("draft") is True,
        modify=body.get("maintainer_can_modify") is not False,
    )  # fmt: skip
    return 201, call.pull_document(pull)


def get_pull(call: Call) -> Answer:
    pull = call.pulls.get(call.number)
    if "diff" in call.accept:
        return 200, Text(call.pulls.diff(call.number), "application/vnd.github.diff; charset=utf-8")
    return 200, call.pull_document(pull)


def update_pull(call: Call) -> Answer:
    return 200, call.pull_document(call.pulls.update(call.number, call.body))


def add_labels(call: Call) -> Answer:
    pull = call.pulls.add_labels(call.number, call.names("labels"))
    return 200, [call.documents.label(call.repo, label) for label in pull.labels]


def list_labels(call: Call) -> Answer:
    return 200, [call.documents.label(call.repo, label) for label in call.pulls.get(call.number).labels]


def request_reviewers(call: Call) -> Answer:
    pull, owner = call.pulls.get(call.number), call.repo.partition("/")[0]
    wanted = [*call.names("reviewers"), *(f"{owner}/{team}" for team in call.names("team_reviewers"))]
    if pull.author in wanted:
        raise Refused(422, "Review cannot be requested from pull request author.")
    if not call.collaborators.issuperset(wanted):
        text = (
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not"
        )
        raise Refused(422, f"{text} a collaborator of the {call.repo} repository.")
    reviewers = tuple(dict.fromkeys((*pull.reviewers, *wanted)))
    changed = call.pulls.change(pull, reviewers=reviewers)
    return 201, call.documents.pull_simple(changed, default_branch(call.repository))


def add_assignees(call: Call) -> Answer:
    pull = call.pulls.get(call.number)
    # Who cannot be assigned is left out without a word, as GitHub does.
    able = [login for login in call.names("assignees") if login in call.collaborators]
    return 201, call.documents.issue(call.pulls.change(pull, assignees=tuple(dict.fromkeys((*pull.assignees, *able)))))


def list_comments(call: Call) -> Answer:
    call.pulls.get(call.number)
    return 200, call.page([*call.comments.get((call.repo, call.number), [])])


def create_comment(call: Call) -> Answer:
    pull = call.pulls.get(call.number)
    comments = call.comments.setdefault((call.repo, call.number), [])
    number = number_of(f"{call.repo}#{call.number}") + len(comments)
    comments.append(call.documents.comment(pull, number, call.login, str(call.body["body"]), now()))
    call.pulls.change(pull, comments=len(comments))
    return 201, comments[-1]


def get_ref(call: Call) -> Answer:
    ref = f"refs/{call.variables['ref']}"
    commit = resolve(call.repository, ref)
    if commit is None:
        raise Refused(404, "Not Found")
    return 200, call.documents.ref(call.repo, ref, commit)


def delete_ref(call: Call) -> Answer:
    ref = f"refs/{call.variables['ref']}"
    if ref == f"refs/heads/{default_branch(call.repository)}" or resolve(call.repository, ref) is None:
        raise Refused(422, "Reference does not exist")
    try:
        git(call.repository, "update-ref", "-d", ref)
    except GitFailed as error:
        raise invalid("ref") from error
    return 204, None


def list_check_runs(call: Call) -> Answer:
    sha = resolve(call.repository, call.variables["ref"])
    if sha is None:
        raise Refused(422, f"No commit found for SHA: {call.variables['ref']}")
    runs: list[JsonValue] = [
        call.documents.check_run(call.repo, sha, name, conclusion)
        for name, conclusion in call.checks.get(sha, {}).items()
    ]
    return 200, {"total_count": len(runs), "check_runs": call.page(runs)}


REPO = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    ("GET", "/user", get_user),
    ("POST", "/app/installations/{installation_id}/access_tokens", create_installation_token),
    ("GET", "/installation/repositories", list_installation_repositories),
    ("GET", REPO, get_repository),
    ("GET", REPO + "/pulls", list_pulls),
    ("POST", REPO + "/pulls", create_pull),
    ("GET", REPO + "/pulls/{pull_number}", get_pull),
    ("PATCH", REPO + "/pulls/{pull_number}", update_pull),
    ("POST", REPO + "/pulls/{pull_number}/requested_reviewers", request_reviewers),
    ("GET", REPO + "/issues/{issue_number}/labels", list_labels),
    ("POST", REPO + "/issues/{issue_number}/labels", add_labels),
    ("POST", REPO + "/issues/{issue_number}/assignees", add_assignees),
    ("GET", REPO + "/issues/{issue_number}/comments", list_comments),
    ("POST", REPO + "/issues/{issue_number}/comments", create_comment),
    ("GET", REPO + "/commits/{ref}/check-runs", list_check_runs),
    ("GET", REPO + "/git/ref/{ref}", get_ref),
    ("DELETE", REPO + "/git/refs/{ref}", delete_ref),
)
