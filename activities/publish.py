"""From a bundle of commits to a pull request. The host never opens the agent's workspace."""

import contextlib

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.errors import GitError
from airut.models.credentials.redaction import Redactor
from airut.models.hosts.repository import PullRequestSettings
from airut.models.hosts.workspace import Push, PushSpec
from airut.models.pull_requests.body import (
    branch_name,
    compose_body,
    compose_title,
    conflict_note,
    next_branch,
    whole_body,
)
from airut.models.pull_requests.follow_up import FollowOrder
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.steps import PublishInput, PublishResult
from airut.ports.blobs import BlobStore
from airut.ports.forge import Forge
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories
from airut.ports.texts import fetch

TEMPLATES = (
    *(".github/pull_request_template.md", ".github/PULL_REQUEST_TEMPLATE.md"),
    *("pull_request_template.md", "PULL_REQUEST_TEMPLATE.md"),
    *("docs/pull_request_template.md", "docs/PULL_REQUEST_TEMPLATE.md"),
    ".gitlab/merge_request_templates/Default.md",
    *(".gitea/pull_request_template.md", ".gitea/PULL_REQUEST_TEMPLATE.md"),
    *(".forgejo/pull_request_template.md", ".forgejo/PULL_REQUEST_TEMPLATE.md"),
)
"""Where GitHub, GitLab, Gitea and Forgejo look for what a new pull request begins with."""

BRANCHES_MOST = 5
"""Branches after the first that are tried: more closed ones in one conversation mean that nobody wants it."""


class Publishing:
    """Idempotent by head branch: the same bundle twice is one push and one pull request."""

    def __init__(
        self,
        mirror: Mirror,
        forge: Forge,
        blobs: BlobStore,
        repositories: Repositories,
        redactor: Redactor | None = None,
    ) -> None:
        """What `redactor` knows is in no pull request. Commits that hold a secret are not pushed at all."""
        self._redactor = redactor or Redactor()
        self._mirror = mirror
        self._forge = forge
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def publish(self, order: PublishInput) -> PublishResult:
        with reported(TaskOutcome.PUBLISH_FAILED):
            async with beating():
                settings = self._repositories.pull_request(order.task.repo)
                branch = await self._branch(order, settings)
                bundle = await self._blobs.get(order.bundle)
                push = await self._push(order, branch, bundle, settings)
                if push is None or push.commit == order.task.published:
                    return PublishResult()
                request = None
                if settings.enabled:
                    push, request = await self._opened(order, push, bundle, settings)
                notes = request.notes if request else ()
                if push.conflicts:
                    notes = (*notes, conflict_note(order.policy.name, push.conflicts))
                return PublishResult(
                    branch=push.branch,
                    commit=push.commit,
                    pull_request=request,
                    notes=notes,
                    follow=_follow(order, request, settings),
                )

    async def _branch(self, order: PublishInput, settings: PullRequestSettings) -> str:
        """The thread's branch; once its pull request is merged, a fresh one."""
        task = order.task
        branch = task.branch or branch_name(task.subject, task.thread, settings.branch)
        if not settings.enabled or task.pull_request is None:
            return branch
        known = await self._forge.find_pull_request(task.repo, branch)
        return next_branch(branch) if known and known.state is PullRequestState.MERGED else branch

    async def _push(
        self, order: PublishInput, branch: str, bundle: bytes, settings: PullRequestSettings
    ) -> Push | None:
        spec = PushSpec(
            repo=order.task.repo,
            branch=branch,
            base=order.policy.commit,
            default_branch=order.policy.name,
            max_file=settings.max_file,
            container=settings.container,
        )
        return await self._mirror.publish(spec, bundle)

    async def _opened(
        self, order: PublishInput, push: Push, bundle: bytes, settings: PullRequestSettings
    ) -> tuple[Push, PullRequestRef | None]:
        """The pull request; of another branch than that of `push` where its own was closed and stays so."""
        request = await self._open(order, push, settings)
        for _ in range(BRANCHES_MOST):
            if request is not None:
                break
            push = await self._push(order, next_branch(push.branch), bundle, settings) or push
            request = await self._open(order, push, settings)
        return push, request

    async def _open(self, order: PublishInput, push: Push, settings: PullRequestSettings) -> PullRequestRef | None:
        task = order.task
        text = await fetch(self._blobs, order.text)
        author = task.messages[-1].author if settings.show_author else None
        ours = self._redactor.text(compose_body(task, text, push, author))
        return await self._forge.open_or_update(
            PullRequestSpec(
                repo=task.repo,
                head=push.branch,
                base=order.policy.name,
                title=self._redactor.text(compose_title(task.subject, push)),
                body=ours,
                opening=whole_body(settings.template or await self._template(order), ours),
                draft=settings.draft,
                labels=(*settings.labels, *(("airut-policy-change",) if push.flagged else ())),
                reviewers=settings.reviewers,
                assignees=settings.assignees,
            )
        )

    async def _template(self, order: PublishInput) -> str | None:
        """The repository's own, as the forges find it. One that cannot be read holds no pull request up."""
        for path in TEMPLATES:
            with contextlib.suppress(GitError):
                for file in await self._mirror.read_tree(order.task.repo, order.policy.commit, path):
                    return file.content.decode("utf-8", "replace")
        return None


def _follow(order: PublishInput, request: PullRequestRef | None, settings: PullRequestSettings) -> FollowOrder | None:
    if request is None or not settings.follow_ci:
        return None
    task = order.task
    return FollowOrder(thread=task.thread, repo=task.repo, pull_request=request, on_failure=settings.on_failure)
