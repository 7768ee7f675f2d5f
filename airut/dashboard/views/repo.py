"""One repository: its threads, and what its configuration says."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from airut.config.repo_schema import RepoConfig
from airut.config.schema import Config
from airut.dashboard.budgets import BudgetShare, budget_shares
from airut.dashboard.channels import channels_of
from airut.dashboard.form_key import form_key
from airut.dashboard.images import images_of
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.writing import may_write
from airut.models.login import Role
from airut.ports.thread_directory import DirectoryUnavailable, ThreadFilter, ThreadPage
from airut.temporal.schedule_view import ScheduleRow

PAGE = 50
STATES = ("running", "paused", "idle", "ended")


async def show(visit: Visit) -> Response:
    name, config = visit.path("repo"), visit.config
    if name not in config.repos:
        raise Problem(404, f"There is no repository {name} in the configuration.")
    repo, ports = config.repos[name], visit.ports
    reports = ports.health.reports()
    wanted, away, page = filter_of(visit, name), "", ThreadPage(rows=())
    counts: dict[str, int] = {}
    budgets: tuple[BudgetShare, ...] = ()
    schedules: Sequence[ScheduleRow] = ()
    try:
        page = await ports.threads.threads(wanted, visit.query.get("after", ""), PAGE)
        counts = await ports.threads.counts(name)
        budgets = await budget_shares(ports, config, name)
        schedules = await ports.schedules(name)
    except DirectoryUnavailable as error:
        away = str(error)
    except ValueError as error:
        raise Problem(422, str(error)) from None
    return visit.page(
        "repo.html",
        name=name,
        repo=repo,
        facts=facts(config, name),
        wanted=wanted,
        page=page,
        counts=counts,
        away=away,
        budgets=budgets,
        schedules=schedules,
        channels=channels_of(name, repo, reports, ports.clock()),
        images=images_of(name, reports, ports.clock()),
        states=STATES,
        next_page=next_page(visit, page),
        query=visit.query,
        writes=may_write(visit, name),
        key=form_key(),
        topics=(f"threads:{name}", "health"),
    )


def filter_of(visit: Visit, repo: str) -> ThreadFilter:
    """
    Raises:
        Problem: a day that is none.
    """
    query = visit.query
    try:
        return ThreadFilter(
            repo=repo,
            state=query.get("state", "") if query.get("state") in STATES else "",
            author=query.get("author", "").strip(),
            text=query.get("text", "").strip(),
            since=_midnight(query.get("since", "")),
            until=_midnight(query.get("until", ""), after=1),
        )
    except ValueError:
        raise Problem(422, "A day is written 2026-03-02.") from None


def next_page(visit: Visit, page: ThreadPage) -> str:
    """The same filters, where this page ends; empty at the end."""
    if not page.next_cursor:
        return ""
    kept = {key: value for key, value in visit.query.items() if value and key not in {"after", "fragment"}}
    return "?" + urlencode({**kept, "after": page.next_cursor})


def facts(config: Config, name: str) -> dict[str, str]:
    """What the configuration says, in the words of its keys; nothing of it is a secret."""
    repo = config.repos[name]
    return {
        "Address": repo.url,
        "Branch": repo.default_branch or "the remote's default",
        "Model": repo.agent.model or "Claude Code's own choice",
        "Forge": repo.forge.kind,
        "Image": _image(repo),
        "Network": "by .airut/network-allowlist.yaml" if repo.network.enabled else "open",
        "Credentials": ", ".join(sorted(repo.credentials)) or "none",
        "Time zone": repo.timezone,
    }


def _image(repo: RepoConfig) -> str:
    age = repo.container.max_age
    return "built from the repository's own Dockerfile or Airut's" + (f", at most {age / 3600:g} h old" if age else "")


def _midnight(day: str, after: int = 0) -> datetime | None:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=after), time(), UTC) if day else None


PAGES = (Page("/repos/{repo}", show, Role.VIEWER),)
