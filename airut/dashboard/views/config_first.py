"""The first configuration: one form asks for what one repository needs."""

from starlette.responses import Response

from airut.config.editing.configuration import Changed, Fault, Invalid
from airut.config.editing.document import digest
from airut.config.editing.first import CHANNELS, first_configuration
from airut.dashboard.editor import save
from airut.dashboard.pages import Page, Visit
from airut.errors import ConfigError
from airut.models.login import Role

SECRETS = ("key", "forge_token", "password", "bot_token", "app_token")


async def ask(visit: Visit) -> Response:
    if visit.ports.files.path.exists():
        return visit.back("/config")
    return _page(visit, {}, ())


async def submit(visit: Visit) -> Response:
    form = await visit.form()
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    made = first_configuration(given)
    try:
        await save(visit, digest(b""), made.text, made.secrets, ("the first configuration",))
    except Changed:
        return visit.back("/config")
    except Invalid as error:
        # Their lines are those of a file that nobody has seen.
        return _page(visit, given, tuple(Fault(line=0, problem=fault.problem) for fault in error.faults), 422)
    except ConfigError as error:
        return _page(visit, given, (Fault(line=0, problem=str(error)),), 422)
    return visit.whole_page("config_saved.html", path=visit.ports.files.path, dotenv=visit.ports.files.dotenv)


def _page(visit: Visit, given: dict[str, str], faults: tuple[Fault, ...], status: int = 200) -> Response:
    shown = {name: value for name, value in given.items() if name not in SECRETS}
    return visit.whole_page(
        "config_first.html",
        status,
        given=shown,
        faults=faults,
        channels=CHANNELS,
        channel=shown.get("channel", "console"),
        retype=any(given.get(name) for name in SECRETS),
        path=visit.ports.files.path,
    )


PAGES = (
    Page("/config/first", ask, Role.ADMIN),
    Page("/config/first", submit, Role.ADMIN, method="POST"),
)
