"""The configuration as a text: for what the forms do not have, and for a file that cannot be read."""

from starlette.responses import Response

from airut.config.editing.configuration import Changed, Fault, Invalid
from airut.config.editing.document import digest
from airut.config.editing.hidden import hidden
from airut.dashboard.editor import difference, faults_of, read, save
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.timeline.diff import Diff
from airut.errors import ConfigError
from airut.models.login import Role


async def text(visit: Visit) -> Response:
    written = await _text(visit)
    faults = await faults_of(visit, written)
    return _page(visit, written, hidden(written).text, faults, said="saved" if visit.query.get("saved") else "")


async def submit(visit: Visit) -> Response:
    form, base = await visit.form(), await _text(visit)
    if digest(base.encode()) != form.get("digest"):
        # Its marks of secrets are those of another file: it is compared with the present one, and not taken up.
        given = _lines(str(form.get("text", "")), base)
        return _page(visit, base, hidden(base).text, (), said="changed", status=409, diff=difference(base, given))
    given = _lines(str(form.get("text", "")), base)
    written = hidden(base).restored(given)
    diff = difference(base, written)
    if form.get("do") != "save":
        faults = await faults_of(visit, written)
        return _page(visit, base, given, faults, said="" if faults else "valid", diff=diff)
    try:
        await save(visit, digest(base.encode()), written, changed=("the text",))
    except Changed:
        return _page(visit, base, given, (), said="changed", status=409, diff=diff)
    except Invalid as error:
        return _page(visit, base, given, error.faults, status=422, diff=diff)
    except ConfigError as error:
        return _page(visit, base, given, (Fault(line=0, problem=str(error)),), status=422, diff=diff)
    return visit.back("/config/text?saved=1")


def _page(
    visit: Visit,
    base: str,
    shown: str,
    faults: tuple[Fault, ...],
    *,
    said: str = "",
    status: int = 200,
    diff: Diff | None = None,
) -> Response:
    wrong = {fault.line for fault in faults}
    lines = [(number, line, number in wrong) for number, line in enumerate(shown.splitlines(), 1)] if wrong else []
    return visit.whole_page(
        "config_text.html",
        status,
        text=shown,
        rows=min(40, max(12, shown.count("\n") + 2)),
        lines=lines,
        faults=faults,
        said=said,
        diff=diff or Diff(),
        digest=digest(base.encode()),
        path=visit.ports.files.path,
    )


def _lines(given: str, base: str) -> str:
    """Browsers send the ends of lines as CR LF, whatever they were given."""
    plain = given.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if "\r\n" in base else plain


async def _text(visit: Visit) -> str:
    try:
        return await read(visit)
    except ConfigError as error:
        raise Problem(500, str(error)) from None


PAGES = (
    Page("/config/text", text, Role.ADMIN),
    Page("/config/text", submit, Role.ADMIN, method="POST"),
)
