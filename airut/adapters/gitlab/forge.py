"""Merge requests on GitLab, idempotent by source branch (spec: operations §9)."""

from collections.abc import Callable

from airut.adapters.forge_by_branch import BranchForge, BranchRequests, Document
from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.forge_rest import Rest
from airut.adapters.gitlab.client import asking, project, user_id
from airut.models.pull_requests.body import replace_our_part
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState

STATES = {"opened": PullRequestState.OPEN, "locked": PullRequestState.OPEN, "merged": PullRequestState.MERGED}
"""`locked` is one that is being merged just now."""


class GitLabForge(BranchForge):
    """Implements `airut.ports.forge.Forge`. `repositories` finds a repository by the name that airut.yaml gives it."""

    def __init__(self, repositories: Callable[[str], ForgeRepository]) -> None:
        self._repositories = repositories

    async def requests(self, repo: str) -> "_Requests":
        found = self._repositories(repo)
        return _Requests(found, await asking(found))


def state_of(document: Document) -> PullRequestState:
    return STATES.get(str(document["state"]), PullRequestState.CLOSED)


class _Requests(BranchRequests):
    NOUN = "merge request"

    def __init__(self, repository: ForgeRepository, rest: Rest) -> None:
        self._rest = rest
        self._path = f"{project(repository)}/merge_requests"

    def ref(self, head: str, document: Document) -> PullRequestRef:
        return PullRequestRef(number=document["iid"], url=document["web_url"], head=head, state=state_of(document))

    async def newest(self, head: str) -> Document | None:
        asked = {"source_branch": head, "state": "all", "order_by": "created_at", "sort": "desc"}
        for found in await self._rest.get(self._path, "looking for the merge request", asked):
            if found["source_branch"] == head and found["source_project_id"] == found["target_project_id"]:
                document: Document = found
                return document
        return None

    async def open(self, spec: PullRequestSpec) -> Document | None:
        body = {
            "source_branch": spec.head,
            "target_branch": spec.base,
            "title": f"Draft: {spec.title}" if spec.draft else spec.title,
            "description": spec.opening or spec.body,
            "labels": ",".join(spec.labels),
        }
        what = "opening the merge request"
        answer = await self._rest.ask("POST", self._path, what, body=body)
        if answer.status == 409:
            return None
        if answer.status != 201:
            raise self._rest.failure(answer, what)
        document: Document = answer.document
        return document

    async def reopen(self, known: Document) -> bool:
        what = "opening the merge request again"
        answer = await self._rest.ask("PUT", f"{self._path}/{known['iid']}", what, body={"state_event": "reopen"})
        if answer.status in {401, 403, 404}:
            raise self._rest.failure(answer, what)
        return answer.status == 200 and state_of(answer.document) is PullRequestState.OPEN

    async def update(self, spec: PullRequestSpec, known: Document) -> None:
        """Labels are added again: a later push may be the first that touches the policy."""
        what = "updating the merge request"
        path = f"{self._path}/{known['iid']}"
        now = await self._rest.get(path, what)
        body: dict[str, str] = {}
        description = replace_our_part(now.get("description") or "", spec.body)
        if description is not None and description != now.get("description"):
            body["description"] = description
        if missing := [label for label in spec.labels if label not in now.get("labels", ())]:
            body["add_labels"] = ",".join(missing)
        if body:
            answer = await self._rest.ask("PUT", path, what, body=body)
            if answer.status != 200:
                raise self._rest.failure(answer, what)

    async def finish(self, spec: PullRequestSpec, document: Document, *, created: bool) -> tuple[str, ...]:
        """Assignees and reviewers, as far as the plan and the token's rights go; what could not be done is told."""
        if not created:
            return ()
        notes = []
        for field, names, told in (
            ("assignee", spec.assignees, "could not be assigned"),
            ("reviewer", spec.reviewers, "could not be asked to review"),
        ):
            left = await self._set(field, names, document) if names else ()
            if left:
                notes.append(f"{', '.join(left)} {told}.")
        return tuple(notes)

    async def _set(self, field: str, names: tuple[str, ...], opened: Document) -> tuple[str, ...]:
        """Whom it could not be set to: GitLab drops without a word who has no access, and on some plans all but one."""
        ids = {name: await user_id(self._rest, name) for name in names}
        body = {f"{field}_ids": [found for found in ids.values() if found is not None]}
        answer = await self._rest.ask("PUT", f"{self._path}/{opened['iid']}", "asking people", body=body)
        if answer.status != 200:
            return names
        done = {each["username"].lower() for each in answer.document.get(f"{field}s") or ()}
        return tuple(name for name in names if name.lower() not in done)
