"""One pull request a branch, on a forge that is asked over plain REST (spec: operations §9)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from airut.errors import ForgeRefused
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState

type Document = Mapping[str, Any]
"""A pull request as the forge's API describes it."""


class BranchRequests(ABC):
    """The pull requests of one repository. `NOUN` is what people there call them."""

    NOUN: str

    @abstractmethod
    def ref(self, head: str, document: Document) -> PullRequestRef: ...

    @abstractmethod
    async def newest(self, head: str) -> Document | None:
        """The newest one of the repository's own branch, and not of a fork's branch of the same name."""

    @abstractmethod
    async def open(self, spec: PullRequestSpec) -> Document | None:
        """Open it; None when one of this branch is open already."""

    @abstractmethod
    async def reopen(self, known: Document) -> bool:
        """Open a closed one again; False where the forge does not."""

    @abstractmethod
    async def update(self, spec: PullRequestSpec, known: Document) -> None:
        """Exchange our part of the body; what people wrote around it stays."""

    @abstractmethod
    async def finish(self, spec: PullRequestSpec, document: Document, *, created: bool) -> tuple[str, ...]:
        """Set what opening and updating could not; what the token's rights do not allow is told, in sentences."""


class BranchForge(ABC):
    """Implements `airut.ports.forge.Forge`."""

    @abstractmethod
    async def requests(self, repo: str) -> BranchRequests:
        """Those of a repository, by the name that airut.yaml gives it."""

    async def find_pull_request(self, repo: str, head: str) -> PullRequestRef | None:
        requests = await self.requests(repo)
        found = await requests.newest(head)
        return None if found is None else requests.ref(head, found)

    async def open_or_update(self, spec: PullRequestSpec) -> PullRequestRef | None:
        requests = await self.requests(spec.repo)
        known = await requests.newest(spec.head)
        state = PullRequestState.MERGED if known is None else requests.ref(spec.head, known).state
        if known is None or state is PullRequestState.MERGED:
            opened = await requests.open(spec)
            if opened is not None:
                notes = await requests.finish(spec, opened, created=True)
                return requests.ref(spec.head, opened).model_copy(update={"created": True, "notes": notes})
            known = await requests.newest(spec.head)  # another call was faster
        elif state is PullRequestState.CLOSED and not await requests.reopen(known):
            return None
        if known is None:
            raise ForgeRefused(f"opening the {requests.NOUN}: one exists and cannot be found")
        await requests.update(spec, known)
        notes = await requests.finish(spec, known, created=False)
        return requests.ref(spec.head, known).model_copy(update={"state": PullRequestState.OPEN, "notes": notes})
