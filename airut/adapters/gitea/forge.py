"""Pull requests on Gitea and Forgejo, idempotent by head branch (spec: operations §9)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.forge_rest import PAGE, PAGES, Rest
from airut.adapters.gitea.client import asking
from airut.errors import ForgeRefused
from airut.models.pull_requests.body import replace_our_part
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState

LABEL_COLOR = "ededed"
"""Of labels that are not there yet."""

log = logging.getLogger(__name__)


class GiteaForge:
    """Implements `airut.ports.forge.Forge`. `repositories` finds a repository by the name that airut.yaml gives it."""

    def __init__(self, repositories: Callable[[str], ForgeRepository]) -> None:
        self._repositories = repositories

    async def find_pull_request(self, repo: str, head: str) -> PullRequestRef | None:
        requests = await self._requests(repo)
        return requests.ref(head, await requests.newest(head))

    async def open_or_update(self, spec: PullRequestSpec) -> PullRequestRef | None:
        requests = await self._requests(spec.repo)
        known = await requests.newest(spec.head)
        state = state_of(known) if known else PullRequestState.MERGED
        if known is None or state is PullRequestState.MERGED:
            opened = await requests.open(spec)
            if opened is not None:
                found = requests.ref(spec.head, opened)
                notes = (*await requests.label(spec, opened), *await requests.people(spec, opened))
                return found and found.model_copy(update={"created": True, "notes": notes})
            known = await requests.newest(spec.head)  # another call was faster
        elif state is PullRequestState.CLOSED and not await requests.reopen(known):
            return None
        if known is None:
            raise ForgeRefused("opening the pull request: one exists and cannot be found")
        await requests.update(spec, known)
        found = requests.ref(spec.head, known)
        notes = await requests.label(spec, known)
        return found and found.model_copy(update={"state": PullRequestState.OPEN, "notes": notes})

    async def _requests(self, repo: str) -> "_Requests":
        found = self._repositories(repo)
        return _Requests(found, await asking(found))


def state_of(document: Mapping[str, Any]) -> PullRequestState:
    return PullRequestState.MERGED if document.get("merged") else PullRequestState(document["state"])


class _Requests:
    """The pull requests of one repository."""

    def __init__(self, repository: ForgeRepository, rest: Rest) -> None:
        self._rest = rest
        self._slug = repository.slug
        self._path = f"repos/{repository.slug}"

    def ref(self, head: str, document: Mapping[str, Any] | None) -> PullRequestRef | None:
        if document is None:
            return None
        return PullRequestRef(number=document["number"], url=document["html_url"], head=head, state=state_of(document))

    async def newest(self, head: str) -> Mapping[str, Any] | None:
        """The API has no filter by branch, so it is read from the newest one on."""
        for page in range(1, PAGES + 1):
            asked: dict[str, str | int] = {"state": "all", "page": page, "limit": PAGE}
            found = await self._rest.get(f"{self._path}/pulls", "looking for the pull request", asked)
            for document in found:
                if document["head"]["ref"] == head and self._is_ours(document["head"]):
                    pull: Mapping[str, Any] = document
                    return pull
            if len(found) < PAGE:
                break
        return None

    def _is_ours(self, head: Mapping[str, Any]) -> bool:
        """And not a fork's branch of the same name."""
        where = head.get("repo") or {}
        return str(where.get("full_name", self._slug)).lower() == self._slug.lower()

    async def open(self, spec: PullRequestSpec) -> Mapping[str, Any] | None:
        """Open it; None when one of this branch is open already."""
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
        document: Mapping[str, Any] = answer.document
        return document

    async def reopen(self, known: Mapping[str, Any]) -> bool:
        """Open a closed one again; False where the forge does not."""
        what = "opening the pull request again"
        path = f"{self._path}/pulls/{known['number']}"
        answer = await self._rest.ask("PATCH", path, what, body={"state": "open"})
        if answer.status in {401, 403, 404}:
            raise self._rest.failure(answer, what)
        return answer.status == 201 and answer.document["state"] == "open"

    async def update(self, spec: PullRequestSpec, known: Mapping[str, Any]) -> None:
        """Exchange our part of the body; what people wrote around it stays."""
        what, path = "updating the pull request", f"{self._path}/pulls/{known['number']}"
        now = (await self._rest.get(path, what)).get("body") or ""
        text = replace_our_part(now, spec.body)
        if text is not None and text != now:
            answer = await self._rest.ask("PATCH", path, what, body={"body": text})
            if answer.status != 201:
                raise self._rest.failure(answer, what)

    async def label(self, spec: PullRequestSpec, pull: Mapping[str, Any]) -> tuple[str, ...]:
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
        known: Sequence[Mapping[str, Any]] = await self._rest.pages(
            f"{self._path}/labels", what, lambda page: page, {}, "limit"
        )
        for each in known:
            if str(each["name"]).lower() == name.lower():
                return int(each["id"])
        body = {"name": name, "color": f"#{LABEL_COLOR}"}
        answer = await self._rest.ask("POST", f"{self._path}/labels", what, body=body)
        if answer.status != 201:
            raise self._rest.failure(answer, what)
        return int(answer.document["id"])

    async def people(self, spec: PullRequestSpec, opened: Mapping[str, Any]) -> tuple[str, ...]:
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
