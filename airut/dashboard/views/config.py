"""The configuration as forms: what each key has, what a change would do, and saving it."""

import asyncio
import json
import re
from typing import Any

from starlette.responses import Response

from airut.config.editing.configuration import Changed, Fault, Invalid
from airut.config.editing.document import Document, digest
from airut.config.editing.forms import Added, sections
from airut.config.editing.submitted import applied, key_of
from airut.config.key import Node
from airut.config.keys import tree
from airut.dashboard.editor import difference, faults_of, read, save
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.errors import ConfigError
from airut.models.base import Model
from airut.models.login import Role

REPO_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Shown(Model):
    """What a page says besides the fields themselves."""

    status: int = 200
    faults: tuple[Fault, ...] = ()
    said: str = ""
    """What has become of the form: `saved`, `valid`, `changed`, `same`; empty at first."""
    base: str | None = None
    """The file, where the fields show what somebody is making of it."""
    removed: tuple[str, ...] = ()
    """Names of entries that go, which the form keeps ticked."""
    retype: bool = False
    """Whether secrets were filled in, which have to be filled in again: they are never sent back."""


async def whole(visit: Visit) -> Response:
    return await _open(visit, None)


async def repository(visit: Visit) -> Response:
    return await _open(visit, _name(visit.path("repo")))


async def new(visit: Visit) -> Response:
    """From the form that asks for a name."""
    name = visit.query.get("name", "").strip()
    return visit.back(f"/config/repos/{_name(name)}" if name else "/config")


async def submit(visit: Visit) -> Response:
    """Nothing is saved unless `do` is `save`."""
    form = await visit.form()
    repo = _name(str(form["repo"])) if form.get("repo") else None
    base = await _text(visit)
    given = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    files = visit.ports.files
    try:
        document = Document(base)
        result = await asyncio.to_thread(applied, document, given, files.free_variable)
    except ConfigError as error:
        return _page(visit, repo, Document(base), Shown(status=422, faults=(Fault(line=0, problem=str(error)),)))
    written, do = result.document.text, str(form.get("do", "check"))
    shown = Shown(base=base, retype=bool(result.secrets), removed=result.removed)
    if do.startswith("add:"):
        return _page(visit, repo, result.document, shown, _added(do.removeprefix("add:"), given))
    if digest(base.encode()) != form.get("digest"):
        return _page(visit, repo, result.document, shown.model_copy(update={"status": 409, "said": "changed"}))
    if not result.changed:
        return _page(visit, repo, result.document, shown.model_copy(update={"said": "same"}))
    if do != "save":
        faults = await faults_of(visit, written, result.secrets)
        update = {"faults": faults, "said": "" if faults else "valid"}
        return _page(visit, repo, result.document, shown.model_copy(update=update))
    try:
        await save(visit, digest(base.encode()), written, result.secrets, result.changed)
    except Changed:
        return _page(visit, repo, result.document, shown.model_copy(update={"status": 409, "said": "changed"}))
    except Invalid as error:
        return _page(visit, repo, result.document, shown.model_copy(update={"status": 422, "faults": error.faults}))
    except ConfigError as error:
        faults = (Fault(line=0, problem=str(error)),)
        return _page(visit, repo, result.document, shown.model_copy(update={"status": 422, "faults": faults}))
    gone = repo is not None and not result.document.has(("repos", repo))
    return visit.back(
        f"/config?saved={len(result.changed)}" if repo is None or gone else f"/config/repos/{repo}?saved=1"
    )


async def _open(visit: Visit, repo: str | None) -> Response:
    base = await _text(visit)
    if not visit.ports.files.path.exists():
        return visit.back("/config/first")
    try:
        document = Document(base)
    except ConfigError:
        return visit.back("/config/text")
    shown = Shown(faults=await faults_of(visit, base), said="saved" if visit.query.get("saved") else "")
    return _page(visit, repo, document, shown)


def _page(visit: Visit, repo: str | None, document: Document, shown: Shown, added: Added | None = None) -> Response:
    base = document if shown.base is None else Document(shown.base)
    above = () if repo is None else ("repos", repo)
    repos = document.value(("repos",))
    values: dict[str, Any] = {
        "repo": repo,
        "known": repo is not None and base.has(above),
        "repos": list(repos) if isinstance(repos, dict) else [],
        "sections": sections(_nodes(repo), above, document, base, added),
        "diff": difference(base.text, document.text),
        "digest": base.digest,
        "path": visit.ports.files.path,
        "shown": shown,
        "removed": {name: ".".join(map(str, json.loads(name))) for name in shown.removed},
    }
    return visit.whole_page("config.html", shown.status, **values)


def _nodes(repo: str | None) -> tuple[Node, ...]:
    if repo is not None:
        return key_of(("repos", repo)).below
    return tuple(node for node in tree() if node.key.name != "repos")


def _added(at: str, given: dict[str, str]) -> Added:
    name = given.get(f"name:{at}", "").strip()
    if not name:
        raise Problem(422, "Give the new entry a name. Go back, and fill it in beside the button.")
    key_of(path := tuple(json.loads(at)))
    return Added(map=path, name=name, variant=given.get(f"kind:{at}", ""))


def _name(given: str) -> str:
    if not REPO_NAME.fullmatch(given):
        raise Problem(422, "A repository's name has lower-case letters, digits and hyphens, 40 at most.")
    return given


async def _text(visit: Visit) -> str:
    try:
        return await read(visit)
    except ConfigError as error:
        raise Problem(500, str(error)) from None


PAGES = (
    Page("/config", whole, Role.ADMIN, nav="Configuration"),
    Page("/config", submit, Role.ADMIN, method="POST"),
    Page("/config/new", new, Role.ADMIN),
    Page("/config/repos/{repo}", repository, Role.ADMIN),
)
