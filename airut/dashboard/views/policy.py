"""What a repository's sandboxes may reach, by the allowlist that this machine has fetched last."""

import asyncio

from starlette.responses import Response

from airut.config.schema import Config
from airut.dashboard.pages import Page, Visit
from airut.dashboard.policy_rows import PolicyRow, policy_rows
from airut.dashboard.problem import Problem
from airut.errors import GitError
from airut.models.hosts.sandbox import ALLOWLIST_FILE
from airut.models.login import Role
from airut.models.values.located import PolicyErrors
from airut.ports.last_fetched import FetchedFile


async def policy(visit: Visit) -> Response:
    name, config = visit.path("repo"), visit.config
    if name not in config.repos:
        raise Problem(404, f"There is no repository {name} in the configuration.")
    fenced, fetched, away = config.repos[name].network.enabled, None, ""
    if fenced:
        try:
            fetched = await visit.ports.fetched.file(name, ALLOWLIST_FILE)
        except GitError as error:
            away = str(error)
    rows, wrong = await asyncio.to_thread(_expanded, fetched, config, name)
    return visit.page(
        "policy.html", name=name, file=ALLOWLIST_FILE, fenced=fenced, fetched=fetched, away=away, rows=rows, wrong=wrong
    )


def _expanded(fetched: FetchedFile | None, config: Config, repo: str) -> tuple[tuple[PolicyRow, ...], tuple[str, ...]]:
    """The rows, or what is wrong with the file: without a real value, which somebody may have written into it."""
    if fetched is None:
        return (), ()
    hide = config.redactor
    try:
        rows = policy_rows(fetched.text, config, repo)
    except PolicyErrors as error:
        return (), tuple(hide.text(str(problem)) for problem in error.problems)
    return tuple(PolicyRow.model_validate_json(hide.data(row.model_dump_json().encode())) for row in rows), ()


PAGES = (Page("/repos/{repo}/policy", policy, Role.VIEWER),)
