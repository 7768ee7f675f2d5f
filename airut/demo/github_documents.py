"""The documents that GitHub's REST API answers with, complete enough for its own schema."""

import zlib
from datetime import UTC, datetime

from pydantic import JsonValue

from airut.models.base import Model

Json = dict[str, JsonValue]

USER_LINKS = (
    "followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events",
    "received_events",
)  # fmt: skip
REPOSITORY_LINKS = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks",
    "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones", "notifications",
    "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
)  # fmt: skip
COUNTS = (
    "forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size", "open_issues",
    "open_issues_count", "network_count", "subscribers_count",
)  # fmt: skip


class Label(Model):
    name: str
    color: str = "ededed"


class Pull(Model):
    """A pull request as the stand-in keeps it; also what tests look at."""

    repo: str
    number: int
    title: str
    body: str | None
    head: str
    base: str
    head_sha: str
    base_sha: str
    author: str
    created_at: str
    updated_at: str
    state: str = "open"
    draft: bool = False
    closed_at: str | None = None
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    labels: tuple[Label, ...] = ()
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    comments: int = 0
    maintainer_can_modify: bool = True

    @property
    def owner(self) -> str:
        return self.repo.split("/")[0]


class DiffSize(Model):
    commits: int
    additions: int
    deletions: int
    changed_files: int
    mergeable: bool


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


CHECKED_AT = "2026-01-01T00:00:00Z"
"""When any check ran: told alike by every look, since who looks again has to hear that nothing has changed."""


def number_of(name: str) -> int:
    """A stable id for a name."""
    return zlib.crc32(name.encode())


class Documents:
    """Builds documents with URLs below `api` (no slash at the end)."""

    def __init__(self, api: str, web: str) -> None:
        self._api = api
        self._web = web

    def user(self, login: str) -> Json:
        url = f"{self._api}/users/{login}"
        return {
            "login": login, "id": number_of(login), "node_id": f"U_{login}", "gravatar_id": "", "url": url,
            "avatar_url": f"{self._web}/{login}.png", "html_url": f"{self._web}/{login}", "type": "User",
            "site_admin": False, **{f"{name}_url": f"{url}/{name}" for name in USER_LINKS},
        }  # fmt: skip

    def own_user(self, login: str) -> Json:
        """The user that a token belongs to, as others see it."""
        counts: Json = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        unset: Json = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
        times: Json = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
        return {**self.user(login), **unset, **counts, **times, "user_view_type": "public"}

    def repository(self, repo: str, default_branch: str) -> Json:
        owner, name = repo.split("/")
        url, html = f"{self._api}/repos/{repo}", f"{self._web}/{repo}"
        flags: Json = dict.fromkeys(("private", "fork", "archived", "disabled", "has_pages", "has_discussions"), False)
        features: Json = dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True)
        counts: Json = dict.fromkeys(COUNTS, 0)
        unset: Json = dict.fromkeys(("description", "homepage", "language", "mirror_url", "license"))
        times: Json = dict.fromkeys(("created_at", "updated_at", "pushed_at"), "2020-01-01T00:00:00Z")
        return {
            "id": number_of(repo), "node_id": f"R_{repo}", "name": name, "full_name": repo, "owner": self.user(owner),
            "url": url, "html_url": html, "clone_url": f"{html}.git", "svn_url": html, "default_branch": default_branch,
            "git_url": f"git://github.com/{repo}.git", "ssh_url": f"git@github.com:{repo}.git",
            "permissions": {"admin": False, "push": True, "pull": True},
            **flags, **features, **counts, **unset, **times,
            **{f"{link}_url": f"{url}/{link}" for link in REPOSITORY_LINKS},
        }  # fmt: skip

    def label(self, repo: str, label: Label) -> Json:
        return {
            "id": number_of(f"{repo}#{label.name}"), "node_id": f"LA_{label.name}", "name": label.name,
            "url": f"{self._api}/repos/{repo}/labels/{label.name}", "color": label.color, "description": "",
            "default": False, "archived_at": None, "archived_by": None,
        }  # fmt: skip

    def pull_simple(self, pull: Pull, default_branch: str) -> Json:
        """A pull request as lists show it."""
        url, issue = f"{self._api}/repos/{pull.repo}/pulls/{pull.number}", self._issue_url(pull)
        html = f"{self._web}/{pull.repo}/pull/{pull.number}"
        links = {
            "self": url, "html": html, "issue": issue, "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments", "commits": f"{url}/commits",
            "review_comment": f"{self._api}/repos/{pull.repo}/pulls/comments{{/number}}",
            "statuses": f"{self._api}/repos/{pull.repo}/statuses/{pull.head_sha}",
        }  # fmt: skip
        assignees: list[JsonValue] = [self.user(login) for login in pull.assignees]
        return {
            "id": number_of(html), "node_id": f"PR_{pull.number}", "url": url, "html_url": html, "issue_url": issue,
            "diff_url": f"{html}.diff", "patch_url": f"{html}.patch", "number": pull.number, "state": pull.state,
            "title": pull.title, "body": pull.body, "draft": pull.draft, "locked": False,
            "user": self.user(pull.author), "created_at": pull.created_at, "updated_at": pull.updated_at,
            "closed_at": pull.closed_at, "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merge_commit_sha, "milestone": None,
            "author_association": "COLLABORATOR", "auto_merge": None,
            "labels": [self.label(pull.repo, label) for label in pull.labels],
            "assignee": assignees[0] if assignees else None, "assignees": assignees,
            "requested_reviewers": [self.user(each) for each in pull.reviewers if "/" not in each],
            "requested_teams": [],
            "head": self._side(pull, pull.head, pull.head_sha, default_branch),
            "base": self._side(pull, pull.base, pull.base_sha, default_branch),
            "_links": {name: {"href": href} for name, href in links.items()},
            **{f"{name}_url": links[name] for name in
               ("comments", "review_comments", "commits", "review_comment", "statuses")},
        }  # fmt: skip

    def pull(self, pull: Pull, default_branch: str, size: DiffSize) -> Json:
        """A pull request by itself."""
        return {
            **self.pull_simple(pull, default_branch),
            "merged": pull.merged_at is not None, "mergeable": size.mergeable,
            "mergeable_state": "clean" if size.mergeable else "dirty", "merged_by": None, "review_comments": 0,
            "comments": pull.comments, "maintainer_can_modify": pull.maintainer_can_modify, "commits": size.commits,
            "additions": size.additions, "deletions": size.deletions, "changed_files": size.changed_files,
        }  # fmt: skip

    def issue(self, pull: Pull) -> Json:
        """The issue that every pull request also is."""
        url, repository = self._issue_url(pull), f"{self._api}/repos/{pull.repo}"
        assignees: list[JsonValue] = [self.user(login) for login in pull.assignees]
        return {
            "id": number_of(url), "node_id": f"I_{pull.number}", "url": url, "repository_url": repository,
            "html_url": f"{self._web}/{pull.repo}/pull/{pull.number}", "number": pull.number, "state": pull.state,
            "title": pull.title, "body": pull.body, "user": self.user(pull.author), "locked": False, "milestone": None,
            "labels": [self.label(pull.repo, label) for label in pull.labels], "comments": pull.comments,
            "assignee": assignees[0] if assignees else None, "assignees": assignees, "closed_at": pull.closed_at,
            "created_at": pull.created_at, "updated_at": pull.updated_at, "author_association": "COLLABORATOR",
            **{f"{name}_url": f"{url}/{name}" for name in ("labels", "comments", "events")},
        }  # fmt: skip

    def comment(self, pull: Pull, number: int, author: str, body: str, at: str) -> Json:
        issue = self._issue_url(pull)
        return {
            "id": number, "node_id": f"IC_{number}", "url": f"{self._api}/repos/{pull.repo}/issues/comments/{number}",
            "html_url": f"{self._web}/{pull.repo}/pull/{pull.number}#issuecomment-{number}", "body": body,
            "user": self.user(author), "created_at": at, "updated_at": at, "issue_url": issue,
            "author_association": "COLLABORATOR",
        }  # fmt: skip

    def review(self, pull: Pull, number: int, author: str, body: str, state: str, at: str) -> Json:
        url = f"{self._api}/repos/{pull.repo}/pulls/{pull.number}"
        html = f"{self._web}/{pull.repo}/pull/{pull.number}#pullrequestreview-{number}"
        return {
            "id": number, "node_id": f"PRR_{number}", "user": self.user(author), "body": body, "state": state,
            "html_url": html, "pull_request_url": url, "submitted_at": at, "commit_id": pull.head_sha,
            "author_association": "COLLABORATOR",
            "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        }  # fmt: skip

    def line_comment(self, pull: Pull, number: int, author: str, body: str, path: str, line: int, at: str) -> Json:
        url = f"{self._api}/repos/{pull.repo}/pulls/comments/{number}"
        html = f"{self._web}/{pull.repo}/pull/{pull.number}#discussion_r{number}"
        request = f"{self._api}/repos/{pull.repo}/pulls/{pull.number}"
        return {
            "id": number, "node_id": f"PRRC_{number}", "url": url, "html_url": html, "pull_request_url": request,
            "pull_request_review_id": None, "diff_hunk": "@@ -1 +1 @@", "path": path, "line": line,
            "commit_id": pull.head_sha, "original_commit_id": pull.head_sha, "user": self.user(author), "body": body,
            "created_at": at, "updated_at": at, "author_association": "COLLABORATOR",
            "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": request}},
        }  # fmt: skip

    def permission(self, login: str, permission: str) -> Json:
        may: Json = {name: permission in {"admin", "write"} for name in ("push", "triage", "maintain")}
        may |= {"pull": True, "admin": permission == "admin"}
        user: Json = {**self.user(login), "role_name": permission, "permissions": may}
        return {"permission": permission, "role_name": permission, "user": user}

    def combined_status(self, repo: str, sha: str, statuses: dict[str, str], default_branch: str) -> Json:
        url = f"{self._api}/repos/{repo}/commits/{sha}"
        each: list[JsonValue] = [
            {
                "url": f"{self._api}/repos/{repo}/statuses/{sha}", "avatar_url": None, "id": number_of(sha + context),
                "node_id": f"SC_{context}", "state": state, "description": f"{context}: {state}",
                "target_url": f"https://ci.example.org/{context}", "context": context, "created_at": CHECKED_AT,
                "updated_at": CHECKED_AT,
            }
            for context, state in statuses.items()
        ]  # fmt: skip
        states = set(statuses.values())
        state = "failure" if states & {"failure", "error"} else "pending" if "pending" in states or not states else ""
        return {
            "state": state or "success", "statuses": each, "sha": sha, "total_count": len(each),
            "repository": self.repository(repo, default_branch), "commit_url": url, "url": f"{url}/status",
        }  # fmt: skip

    def ref(self, repo: str, ref: str, sha: str) -> Json:
        base = f"{self._api}/repos/{repo}/git"
        target: Json = {"type": "commit", "sha": sha, "url": f"{base}/commits/{sha}"}
        return {"ref": ref, "node_id": f"REF_{ref}", "url": f"{base}/{ref}", "object": target}

    def check_run(self, repo: str, sha: str, name: str, conclusion: str | None) -> Json:
        number = number_of(f"{sha}{name}")
        url = f"{self._api}/repos/{repo}/check-runs/{number}"
        done = CHECKED_AT if conclusion else None
        texts: Json = dict.fromkeys(("title", "summary", "text"))
        return {
            "id": number, "node_id": f"CR_{number}", "head_sha": sha, "external_id": "", "url": url, "name": name,
            "html_url": f"{self._web}/{repo}/runs/{number}",
            "details_url": f"{self._web}/{repo}/actions/runs/1/job/{number}",
            "status": "completed" if conclusion else "in_progress", "conclusion": conclusion, "started_at": CHECKED_AT,
            "completed_at": done, "check_suite": {"id": number}, "app": None, "pull_requests": [],
            "output": {**texts, "annotations_count": 0, "annotations_url": f"{url}/annotations"},
        }  # fmt: skip

    def _issue_url(self, pull: Pull) -> str:
        return f"{self._api}/repos/{pull.repo}/issues/{pull.number}"

    def _side(self, pull: Pull, ref: str, sha: str, default_branch: str) -> Json:
        return {
            "label": f"{pull.owner}:{ref}", "ref": ref, "sha": sha, "user": self.user(pull.owner),
            "repo": self.repository(pull.repo, default_branch),
        }  # fmt: skip
