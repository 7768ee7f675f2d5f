"""A stand-in for GitLab: merge requests as its REST API (v4) documents them.

GitLab publishes no description that could be had as a package, so what requests may hold is written down here from its
documentation, and anything else is a violation.
"""

from collections.abc import Callable
from typing import Any

from airut.demo.github_documents import Label, Pull
from airut.demo.github_pulls import Refused
from tests.support.forges.stand_in import Answer, Call, Said, StandIn

ACCESS = {"write": 30, "read": 20}
_PAGED = {"page", "per_page"}
_ALLOWED: dict[str, set[str]] = {
    "list": {"state", "order_by", "sort", "source_branch", "target_branch", "labels", "search", "scope", *_PAGED},
    "create": {
        *("source_branch", "target_branch", "title", "description", "labels", "assignee_id", "assignee_ids"),
        *("reviewer_ids", "remove_source_branch", "squash", "milestone_id", "target_project_id"),
    },
    "get": set(),
    "update": {
        *("title", "description", "state_event", "target_branch", "labels", "add_labels", "remove_labels"),
        *("assignee_id", "assignee_ids", "reviewer_ids", "discussion_locked", "squash", "milestone_id"),
    },
    "notes": {"sort", "order_by", *_PAGED},
    "commit_statuses": {"ref", "stage", "name", "all", "order_by", "sort", "pipeline_id", *_PAGED},
    "trace": set(),
    "users": {"username", "search", "active", *_PAGED},
    "member": set(),
}
_STATES = {"passed": "success", "failed": "failed", "pending": "running"}


class GitLab(StandIn):
    """`plan` is how many reviewers and assignees a merge request may have: on the free one it is one."""

    plan = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        project, request = r"/api/v4/projects/([^/]+)", r"/api/v4/projects/([^/]+)/merge_requests"
        self.routes = (
            ("GET", request, self.list),
            ("POST", request, self.create),
            ("GET", rf"{request}/(\d+)", self.get),
            ("PUT", rf"{request}/(\d+)", self.update),
            ("GET", rf"{request}/(\d+)/notes", self.notes),
            ("GET", rf"{project}/repository/commits/([0-9a-f]+)/statuses", self.commit_statuses),
            ("GET", rf"{project}/jobs/(\d+)/trace", self.trace),
            ("GET", r"/api/v4/users", self.users),
            ("GET", rf"{project}/members/all/(\d+)", self.member),
        )

    @property
    def api(self) -> str:
        return f"{self.url}/api/v4"

    def judged(self, handler: Callable[[Call], Answer], call: Call) -> list[str]:
        given = {*call.query, *call.body}
        problems = [f"unknown parameter {name}" for name in sorted(given - _ALLOWED[handler.__name__])]
        ids = [call.body.get(name, []) for name in ("assignee_ids", "reviewer_ids")]
        if any(not isinstance(each, int) for found in ids for each in found):
            problems.append("people are named by their numbers")
        return problems

    def refusal(self, refused: Refused) -> Answer:
        status = 400 if refused.status == 422 else refused.status
        return status, {"message": [str(refused.document["message"])]}

    def list(self, call: Call) -> Answer:
        self._project(call)
        pulls = [pull for pull in self.pulls.all() if pull.head == call.query.get("source_branch", pull.head)]
        return 200, call.page([self._document(pull) for pull in pulls], "per_page")

    def create(self, call: Call) -> Answer:
        self._project(call)
        body = call.body
        title, text = str(body["title"]), str(body.get("description", ""))
        pull = self.created(call, str(body["source_branch"]), str(body["target_branch"]), title, text)
        return 201, self._document(self._labelled(pull, str(body.get("labels", ""))))

    def get(self, call: Call) -> Answer:
        self._project(call)
        return 200, self._document(self.found(call.path[1]))

    def update(self, call: Call) -> Answer:
        self._project(call)
        pull, body = self.found(call.path[1]), call.body
        if body.get("state_event") == "reopen":
            if self.tip(pull.head) is None:
                return 200, self._document(pull)  # without a word, as GitLab does where its branch is gone
            pull = self.pulls.change(pull, state="open", closed_at=None)
        if "description" in body:
            pull = self.pulls.change(pull, body=body["description"])
        pull = self._labelled(pull, str(body.get("add_labels", "")))
        for field, given in (("assignees", "assignee_ids"), ("reviewers", "reviewer_ids")):
            if given in body:
                able = [name for name in self.people if self.user_number(name) in body[given]]
                pull = self.pulls.change(pull, **{field: tuple(able[: self.plan])})
        return 200, self._document(pull)

    def notes(self, call: Call) -> Answer:
        self._project(call)
        kept = reversed(self.said[self.found(call.path[1]).number])
        return 200, call.page([_note(each, self.user_number(each.author)) for each in kept], "per_page")

    def commit_statuses(self, call: Call) -> Answer:
        self._project(call)
        kept = self.statuses[call.path[1]]
        found = [
            {
                "id": self._job(call.path[1], number), "sha": call.path[1], "name": each.name, "allow_failure": False,
                "status": _STATES[each.state], "target_url": f"https://gitlab.test/-/jobs/{number}", "description": None,
                "ref": None, "coverage": None,
            }
            for number, each in enumerate(kept)
        ]  # fmt: skip
        return 200, call.page(found, "per_page")

    def trace(self, call: Call) -> Answer:
        for sha, kept in self.statuses.items():
            for number, each in enumerate(kept):
                if str(self._job(sha, number)) == call.path[1] and each.log:
                    return 200, each.log.encode()
        raise Refused(404, "404 Not found")

    def users(self, call: Call) -> Answer:
        known = [name for name in (*self.people, "stranger") if name == call.query.get("username")]
        return 200, [
            {"id": self.user_number(name), "username": name, "name": name, "state": "active"} for name in known
        ]

    def member(self, call: Call) -> Answer:
        for name, access in self.people.items():
            if str(self.user_number(name)) == call.path[1]:
                return 200, {"id": self.user_number(name), "username": name, "access_level": ACCESS[access]}
        raise Refused(404, "404 Not found")

    def _project(self, call: Call) -> None:
        if call.path[0] != self.slug:
            raise Refused(404, "404 Project Not Found")

    def _job(self, sha: str, number: int) -> int:
        return int(sha[:6], 16) * 10 + number

    def _labelled(self, pull: Pull, names: str) -> Pull:
        known = {label.name for label in pull.labels}
        added = [Label(name=name) for name in names.split(",") if name and name not in known]
        return self.pulls.change(pull, labels=(*pull.labels, *added))

    def _document(self, pull: Pull) -> dict[str, Any]:
        state = "merged" if pull.merged_at else "opened" if pull.state == "open" else "closed"

        def people(names: tuple[str, ...]) -> list[dict[str, Any]]:
            return [{"id": self.user_number(name), "username": name} for name in names]

        return {
            "id": 9000 + pull.number, "iid": pull.number, "project_id": 7, "title": pull.title, "state": state,
            "description": pull.body, "source_branch": pull.head, "target_branch": pull.base, "sha": pull.head_sha,
            "source_project_id": 7, "target_project_id": 7, "labels": [label.name for label in pull.labels],
            "draft": pull.title.startswith("Draft: "), "author": {"id": 1, "username": pull.author},
            "assignees": people(pull.assignees), "reviewers": people(pull.reviewers),
            "web_url": f"https://gitlab.test/{self.slug}/-/merge_requests/{pull.number}",
            "created_at": pull.created_at, "updated_at": pull.updated_at, "merged_at": pull.merged_at,
        }  # fmt: skip


def _note(said: Said, number: int) -> dict[str, Any]:
    system = {"approved": "approved this merge request", "changes_requested": "requested changes"}.get(said.verdict)
    position = {"new_path": said.path, "new_line": said.line, "position_type": "text"} if said.path else None
    return {
        "id": said.number, "type": "DiffNote" if position else None, "body": said.body or system, "system": not said.body,
        "author": {"id": number, "username": said.author}, "created_at": said.at, "updated_at": said.at,
        "resolvable": False, **({"position": position} if position else {}),
    }  # fmt: skip
