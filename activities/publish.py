"""From a bundle of commits to a pull request. The host never opens the agent's workspace."""

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.models.outcome import TaskOutcome
from airut.models.pull_request import PullRequestRef, PullRequestSpec, PullRequestState
from airut.models.pull_request_body import branch_name, compose_body, compose_title
from airut.models.redaction import Redactor
from airut.models.repository import PullRequestSettings
from airut.models.steps import PublishInput, PublishResult
from airut.models.workspace import Push, PushSpec
from airut.ports.blobs import BlobStore
from airut.ports.forge import Forge
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories
from airut.ports.texts import fetch


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
                push = await self._mirror.publish(
                    PushSpec(
                        repo=order.task.repo,
                        branch=branch,
                        base=order.policy.commit,
                        default_branch=order.policy.name,
                        max_file=settings.max_file,
                    ),
                    await self._blobs.get(order.bundle),
                )
                if push is None or push.commit == order.task.published:
                    return PublishResult()
                if not settings.enabled:
                    return PublishResult(branch=branch, commit=push.commit)
                request = await self._open(order, push, settings)
                return PublishResult(branch=branch, commit=push.commit, pull_request=request, notes=request.notes)

    async def _branch(self, order: PublishInput, settings: PullRequestSettings) -> str:
        """The thread's branch; once its pull request is merged or closed, a fresh one."""
        task = order.task
        branch = task.branch or branch_name(task.subject, task.thread)
        if not settings.enabled or task.pull_request is None:
            return branch
        known = await self._forge.find_pull_request(task.repo, branch)
        if known is None or known.state is PullRequestState.OPEN:
            return branch
        return _next_branch(branch)

    async def _open(self, order: PublishInput, push: Push, settings: PullRequestSettings) -> PullRequestRef:
        task = order.task
        text = await fetch(self._blobs, order.text)
        author = task.messages[-1].author if settings.show_author else None
        return await self._forge.open_or_update(
            PullRequestSpec(
                repo=task.repo,
                head=push.branch,
                base=order.policy.name,
                title=self._redactor.text(compose_title(task.subject, push)),
                body=self._redactor.text(compose_body(task, text, push, author)),
                draft=settings.draft,
                labels=(*settings.labels, *(("airut-policy-change",) if push.flagged else ())),
                reviewers=settings.reviewers,
            )
        )


def _next_branch(branch: str) -> str:
    """`x` → `x-2` → `x-3`."""
    stem, _, number = branch.rpartition("-")
    if stem and number.isdecimal() and len(number) < 3:
        return f"{stem}-{int(number) + 1}"
    return f"{branch}-2"
