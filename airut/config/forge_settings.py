"""Section `forge` of a repository: where its pull requests live, and what they look like (spec: operations §9)."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.pull_requests.body import BRANCH
from airut.models.pull_requests.follow_up import OnFailure
from airut.models.values.durations import Bytes

ForgeKind = Literal["auto", "github", "gitlab", "gitea", "forgejo", "none"]

_NAME = re.compile(r"(?![-./])(?:[A-Za-z0-9._/-]|\{slug\}|\{short\})+")


def _branch(given: str) -> str:
    """A branch's name, in which each thread's own part must stand."""
    if "{short}" not in given:
        raise ValueError("must hold {short}, which tells two threads of one subject apart")
    if len(given) > 60:
        raise ValueError("may have 60 characters at most")
    if not _NAME.fullmatch(given) or ".." in given or "//" in given or given.endswith("/"):
        raise ValueError("may hold letters, digits, dots, dashes, underscores, slashes, {slug} and {short}")
    return given


class ForgeAuth(Model):
    """How this host logs in at the forge: with a token, or as a GitHub App. Neither enters a sandbox."""

    token: Secret | None = None
    """A token that may push branches and open pull requests."""
    credential: str | None = None
    """The name of a `github_app` credential of the repository: its App is asked for a token of the host's own."""

    @model_validator(mode="after")
    def _one_at_most(self) -> Self:
        if self.token is not None and self.credential is not None:
            raise ValueError("give either token or credential")
        return self


class PullRequestConfig(Model):
    draft: bool = True
    """Whether it opens as a draft, where the forge and its plan have drafts."""
    labels: tuple[str, ...] = ("airut",)
    """Set beside `airut-policy-change`, which marks changes of the sandbox's rules and of CI."""
    reviewers: tuple[str, ...] = ()
    """Who is asked to review: user names, and at GitHub teams as `owner/team`."""
    assignees: tuple[str, ...] = ()
    """Whom it is assigned to."""
    branch: Annotated[str, AfterValidator(_branch)] = BRANCH
    """The name of a thread's branch. `{slug}` is made of the subject, `{short}` of the thread."""
    template: str | None = None
    """What the text of a new pull request begins with, usually `!file`; null is the repository's own template."""
    show_author: bool = False
    """Whether whoever asked is named in it."""
    follow_ci: bool = True
    """Whether checks, reviews, merge and close come back to the conversation."""
    on_failure: OnFailure = OnFailure.NOTIFY
    """Whether failed checks are told (`notify`) or also given to the agent (`fix`), at most three times in a row."""


class ForgeConfig(Model):
    kind: ForgeKind = "auto"
    """What the forge is; `auto` goes by the URL's host. With `none` branches are pushed, and nothing is opened."""
    base_url: str | None = None
    """Of the API, for a server of one's own; null is where the kind has it on the URL's host."""
    auth: ForgeAuth = ForgeAuth()
    slug: str | None = None
    """`owner/name`, or at GitLab `group/subgroup/name`; null is the path of the repository's URL."""
    max_file: Bytes = 50 * 1024**2
    """The largest file that a pushed commit may hold."""
    pull_request: PullRequestConfig = PullRequestConfig()
