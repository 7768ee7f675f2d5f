"""The rules by which GitHub keeps pull requests, over branches of a real repository."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from airut.demo.github_documents import DiffSize, Label, Pull, now
from airut.demo.repositories import GitFailed, git, resolve

DOCS = "https://docs.github.com/rest"


class Refused(Exception):
    """GitHub would answer with this status and document."""

    def __init__(self, status: int, message: str, *errors: Mapping[str, JsonValue]) -> None:
        super().__init__(message)
        self.status = status
        self.document: dict[str, JsonValue] = {"message": message, "documentation_url": DOCS, "status": str(status)}
        if errors:
            self.document["errors"] = [dict(error) for error in errors]


def invalid(field: str, code: str = "invalid") -> Refused:
    return Refused(422, "Validation Failed", {"resource": "PullRequest", "field": field, "code": code})


def custom(message: str) -> Refused:
    return Refused(422, "Validation Failed", {"resource": "PullRequest", "code": "custom", "message": message})


class Pulls:
    """The pull requests of one repository. Heads are branches of the same repository; forks are unknown here."""

    def __init__(self, repo: str, repository: Path) -> None:
        self._repo = repo
        self._repository = repository
        self._numbers = count(1)
        self._pulls: dict[int, Pull] = {}

    def all(self) -> list[Pull]:
        """Every pull request, newest first, with heads and bases as the branches are now."""
        for pull in list(self._pulls.values()):
            self._pulls[pull.number] = self._followed(pull)
        return sorted(self._pulls.values(), key=lambda pull: -pull.number)

    def get(self, number: int) -> Pull:
        if number not in self._pulls:
            raise Refused(404, "Not Found")
        self._pulls[number] = self._followed(self._pulls[number])
        return self._pulls[number]

    def create(
        self, title: str, head: str, base: str, body: str | None, author: str, draft: bool, modify: bool
    ) -> Pull:
        head = self._branch(head, "head")
        if not title.strip():
            raise invalid("title", "missing_field")
        head_sha, base_sha = self._tip(head, "head"), self._tip(base, "base")
        if head == base or git(self._repository, "rev-list", "--count", f"{base_sha}..{head_sha}") == "0":
            raise custom(f"No commits between {base} and {head}")
        self._refuse_second(head, base)
        number = next(self._numbers)
        at = now()
        pull = Pull(
            repo=self._repo, number=number, title=title, body=body, head=head, base=base, head_sha=head_sha,
            base_sha=base_sha, author=author, created_at=at, updated_at=at, draft=draft, maintainer_can_modify=modify,
        )  # fmt: skip
        return self._kept(pull)

    def update(self, number: int, changes: Mapping[str, JsonValue]) -> Pull:
        """Apply a PATCH: title, body, base, state, maintainer_can_modify."""
        pull = self.get(number)
        update: dict[str, object] = {name: changes[name] for name in ("title", "body") if name in changes}
        if "maintainer_can_modify" in changes:
            update["maintainer_can_modify"] = changes["maintainer_can_modify"]
        if changes.get("base"):
            base = str(changes["base"])
            update |= {"base": base, "base_sha": self._tip(base, "base")}
        if changes.get("title") == "":
            raise invalid("title", "missing_field")
        state = changes.get("state", pull.state)
        if state != pull.state:
            update |= self._reopened(pull) if state == "open" else {"state": "closed", "closed_at": now()}
        return self.change(pull, **update)

    def change(self, pull: Pull, **update: object) -> Pull:
        return self._kept(pull.model_copy(update={**update, "updated_at": now()}))

    def add_labels(self, number: int, names: list[str]) -> Pull:
        pull = self.get(number)
        known = {label.name.lower() for label in pull.labels}
        added = tuple(Label(name=name) for name in dict.fromkeys(names) if name.lower() not in known)
        return self.change(pull, labels=pull.labels + added)

    def merge(self, number: int) -> Pull:
        """Merge as the button does: a merge commit on the base branch.

        Raises:
            Refused: closed, draft, or in conflict.
        """
        pull = self.get(number)
        if pull.state != "open" or pull.draft:
            raise Refused(405, "Pull Request is not mergeable")
        try:
            tree = git(self._repository, "merge-tree", "--write-tree", pull.base_sha, pull.head_sha).split("\n")[0]
        except GitFailed as error:
            raise Refused(405, "Pull Request is not mergeable") from error
        message = f"Merge pull request #{number} from {pull.owner}/{pull.head}\n\n{pull.title}"
        parents = ("-p", pull.base_sha, "-p", pull.head_sha)
        commit = git(self._repository, "commit-tree", tree, *parents, "-m", message)
        git(self._repository, "update-ref", f"refs/heads/{pull.base}", commit, pull.base_sha)
        at = now()
        return self.change(pull, state="closed", closed_at=at, merged_at=at, merge_commit_sha=commit)

    def size(self, pull: Pull) -> DiffSize:
        lines = git(self._repository, "diff", "--numstat", f"{pull.base_sha}...{pull.head_sha}").splitlines()
        changed = [line.split("\t")[:2] for line in lines]
        return DiffSize(
            commits=int(git(self._repository, "rev-list", "--count", f"{pull.base_sha}..{pull.head_sha}")),
            additions=sum(int(added) for added, _ in changed if added != "-"),
            deletions=sum(int(deleted) for _, deleted in changed if deleted != "-"),
            changed_files=len(changed),
            mergeable=self._merges(pull),
        )

    def diff(self, number: int) -> str:
        pull = self.get(number)
        return git(self._repository, "diff", f"{pull.base_sha}...{pull.head_sha}") + "\n"

    def _merges(self, pull: Pull) -> bool:
        try:
            git(self._repository, "merge-tree", "--write-tree", pull.base_sha, pull.head_sha)
        except GitFailed:
            return False
        return True

    def _followed(self, pull: Pull) -> Pull:
        """An open pull request follows its branches, and closes with its head's deletion."""
        if pull.state != "open":
            return pull
        head = resolve(self._repository, f"refs/heads/{pull.head}")
        base = resolve(self._repository, f"refs/heads/{pull.base}")
        if head is None or base is None:
            return self.change(pull, state="closed", closed_at=now())
        if (head, base) == (pull.head_sha, pull.base_sha):
            return pull
        return self._kept(pull.model_copy(update={"head_sha": head, "base_sha": base}))

    def _kept(self, pull: Pull) -> Pull:
        self._pulls[pull.number] = pull
        git(self._repository, "update-ref", f"refs/pull/{pull.number}/head", pull.head_sha)
        return pull

    def _branch(self, head: str, field: str) -> str:
        """`branch` or `owner:branch` as the branch; another owner would be a fork, which nobody here has."""
        owner, separator, branch = head.rpartition(":")
        if separator and owner != self._repo.split("/")[0]:
            raise invalid(field)
        return branch

    def _tip(self, branch: str, field: str) -> str:
        commit = resolve(self._repository, f"refs/heads/{branch}")
        if commit is None:
            raise invalid(field)
        return commit

    def _refuse_second(self, head: str, base: str) -> None:
        if any((pull.head, pull.base, pull.state) == (head, base, "open") for pull in self.all()):
            raise custom(f"A pull request already exists for {self._repo.split('/')[0]}:{head}.")

    def _reopened(self, pull: Pull) -> dict[str, object]:
        if pull.merged_at:
            raise custom("state cannot be changed. The pull request cannot be reopened.")
        head = resolve(self._repository, f"refs/heads/{pull.head}")
        if head is None:
            raise custom(f"state cannot be changed. The {pull.head} branch has been deleted.")
        try:
            git(self._repository, "merge-base", "--is-ancestor", pull.head_sha, head)
        except GitFailed as error:
            message = f"state cannot be changed. The {pull.head} branch was force-pushed or recreated."
            raise custom(message) from error
        self._refuse_second(pull.head, pull.base)
        return {"state": "open", "closed_at": None}
