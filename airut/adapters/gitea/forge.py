"""Pull requests on Gitea and Forgejo, idempotent by head branch (spec: operations §9)."""

import logging
from collections.abc import Callable, Sequence

from airut.adapters.forge_by_branch import BranchForge, BranchRequests, Document
from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.forge_rest import PAGE, PAGES, Rest
from airut.adapters.gitea.client import asking
from airut.errors import ForgeRefused
from airut.models.pull_requests.body import replace_our_part
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState

LABEL_COLOR = "ededed"
"""Of labels that are not there yet."""

log = logging.getLogger(__name__)


class GiteaForge(BranchForge):
    """Implements `airut.ports.forge.Forge`. `repositories` finds a repository by the name that airut.yaml gives it."""

    def __init__(self, repositories: Callable[[str], ForgeRepository]) -> None:
        self._repositories = repositories

    async def requests(self, repo: str) -> "_Requests":
        found = self._repositories(repo)
        return _Requests(found, await asking(found))


def state_of(document: Document) -> PullRequestState:
    return PullRequestState.MERGED if document.get("merged") else PullRequestState(document["state"])


class _Requests(BranchRequests):
    NOUN = "pull request"

    def __init__(self, repository: ForgeRepository, rest: Rest) -> None:
        self._rest = rest
        self._slug = repository.slug
        self._path = f"repos/{repository.slug}"

    def ref(self, head: str, document: Document) -> PullRequestRef:
        return PullRequestRef(number=document["number"], url=document["html_url"], head=head, state=state_of(document))

    async def newest(self, head: str) -> Document | None:
        """The API has no filter by branch, so it is read from the newest one on."""
        for page in range(1, PAGES + 1):
            asked: dict[str, str | int] = {"state": "all", "page": page, "limit": PAGE}
            found = await self._rest.get(f"{self._path}/pulls", "looking for the pull request", asked)
            for document in found:
                if document["head"]["ref"] == head and self._is_ours(document["head"]):
                    pull: Document = document
                    return pull
            if len(found) < PAGE:
                break
        return None

    def _is_ours(self, head: Document) -> bool:
        """And not a fork's branch of the same name."""
        where = head.get("repo") or {}
        return str(where.get("full_name", self._slug)).lower() == self._slug.lower()

    async def open(self, spec: PullRequestSpec) -> Document | None:
        body = {
            "head": spec.head,
            "base": spec.base,
            "title": f"WIP: {spec.title}" if spec.draft else spec.title,
            "body": spec.opening or spec.body,
        }
        what = "opening the pull request"
        answer = await self._rest.ask("POST", f"{self._path}/pulls", what, body=body)
        if answer.status == 409:
            return None
        if answer.status != 201:
            raise self._rest.failure(answer, what)
        document: Document = answer.document
        return document

    async def reopen(self, known: Document) -> bool:
        what = "opening the pull request again"
        path = f"{self._path}/pulls/{known['number']}"
        answer = await self._rest.ask("PATCH", path, what, body={"state": "open"})
        if answer.status in {401, 403, 404}:
            raise self._rest.failure(answer, what)
        return answer.status == 201 and answer.document["state"] == "open"

    async def update(self, spec: PullRequestSpec, known: Document) -> None:
        what, path = "updating the pull request", f"{self._path}/pulls/{known['number']}"
        now = (await self._rest.get(path, what)).get("body") or ""
        text = replace_our_part(now, spec.body)
        if text is not None and text != now:
            answer = await self._rest.ask("PATCH", path, what, body={"body": text})
            if answer.status != 201:
                raise self._rest.failure(answer, what)

    async def finish(self, spec: PullRequestSpec, document: Document, *, created: bool) -> tuple[str, ...]:
        """Labels are added each time: a later push may be the first that touches the policy."""
        labels = await self._label(spec, document)
        return (*labels, *await self._people(spec, document)) if created else labels

    async def _label(self, spec: PullRequestSpec, pull: Document) -> tuple[str, ...]:
        """Add the labels, and make those that are not there yet; what could not be done is told."""
        if not spec.labels:
            return ()
        told = f"the labels {', '.join(spec.labels)} could not be set."
        try:
            ids = [await self._label_id(name) for name in spec.labels]
        except ForgeRefused as error:
            log.info("%s", error)
            return (told,)
        path = f"{self._path}/issues/{pull['number']}/labels"
        answer = await self._rest.ask("POST", path, "setting labels", body={"labels": ids})
        return () if answer.status == 200 else (told,)

    async def _label_id(self, name: str) -> int:
        what = f"looking for the label {name}"
        known: Sequence[Document] = await self._rest.pages(f"{self._path}/labels", what, lambda page: page, {}, "limit")
        for each in known:
            if str(each["name"]).lower() == name.lower():
                return int(each["id"])
        body = {"name": name, "color": f"#{LABEL_COLOR}"}
        answer = await self._rest.ask("POST", f"{self._path}/labels", what, body=body)
        if answer.status != 201:
            raise self._rest.failure(answer, what)
        return int(answer.document["id"])

    async def _people(self, spec: PullRequestSpec, opened: Document) -> tuple[str, ...]:
        """Assignees and reviewers, as far as the token's rights go; what could not be done is told."""
        notes: tuple[str, ...] = ()
        number = opened["number"]
        if spec.assignees:
            body: dict[str, object] = {"assignees": list(spec.assignees)}
            answer = await self._rest.ask("PATCH", f"{self._path}/issues/{number}", "assigning", body=body)
            if answer.status != 201:
                notes += (f"{', '.join(spec.assignees)} could not be assigned.",)
        if spec.reviewers:
            teams = [name.rpartition("/")[2] for name in spec.reviewers if "/" in name]
            body = {"reviewers": [name for name in spec.reviewers if "/" not in name], "team_reviewers": teams}
            path = f"{self._path}/pulls/{number}/requested_reviewers"
            if (await self._rest.ask("POST", path, "asking for reviews", body=body)).status != 201:
                notes += (f"{', '.join(spec.reviewers)} could not be asked to review.",)
        return notes
