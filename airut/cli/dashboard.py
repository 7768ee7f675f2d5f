"""`airut dashboard`: runs it, or says who may log in."""

import asyncio
import getpass
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from airut.cli.context import Settings, become, not_found, refused
from airut.models.login import Role
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.ports.audit import note


def dashboard(
    context: typer.Context,
    link: Annotated[bool, typer.Option("--link", help="Print a link that logs in once, within ten minutes.")] = False,
    role: Annotated[Role, typer.Option(help="Of --link and --new-token.")] = Role.ADMIN,
    new_token: Annotated[str | None, typer.Option(metavar="NAME", help="Make an API token; it is shown once.")] = None,
    tokens: Annotated[bool, typer.Option("--tokens", help="List API tokens.")] = False,
    revoke: Annotated[
        str | None, typer.Option(metavar="NAME", help="End an API token, and the sessions that began with it.")
    ] = None,
    log_out: Annotated[bool, typer.Option("--log-out", help="End all sessions and unused links.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --tokens: one JSON document.")] = False,
) -> None:
    """Run the dashboard alone, or, with an option, let people and programs in."""
    settings: Settings = context.obj
    if link:
        value = settings.logins.new_link(f"link:{getpass.getuser()}", role)
        _record(settings, AuditAction.LOGIN_OFFERED, "link", role=role)
        typer.echo(f"{settings.config.dashboard.address}/login?key={value}")
    elif new_token is not None:
        made = settings.logins.new_token(new_token, role)
        if made is None:
            raise refused(f"there is a token {new_token}; `airut dashboard --revoke {new_token}` ends it")
        _record(settings, AuditAction.LOGIN_OFFERED, f"token:{new_token}", role=role)
        typer.echo(made)
    elif tokens:
        _list(settings, as_json)
    elif revoke is not None:
        if not settings.logins.revoke(revoke):
            raise not_found(f"no token {revoke}; `airut dashboard --tokens` lists them")
        _record(settings, AuditAction.LOGOUT, f"token:{revoke}")
        typer.echo(f"{revoke} is revoked")
    elif log_out:
        ended = settings.logins.log_out_everybody()
        _record(settings, AuditAction.LOGOUT, "everybody", sessions=ended)
        typer.echo(f"{ended} sessions ended")
    else:
        become("workers.dashboard", settings)


def _record(settings: Settings, action: AuditAction, thing: str, **detail: str | int) -> None:
    event = AuditEvent(actor=getpass.getuser(), action=action, object=thing, detail={**detail})
    asyncio.run(note(settings.audit, event))


def _list(settings: Settings, as_json: bool) -> None:
    found = settings.logins.tokens()
    if as_json:
        typer.echo(json.dumps({"version": 1, "tokens": [each.model_dump(mode="json") for each in found]}, indent=2))
        return
    table = Table("name", "role", "made")
    for each in found:
        table.add_row(each.name, str(each.role), f"{each.created:%Y-%m-%d %H:%M}")
    Console().print(table if found else "no tokens; `airut dashboard --new-token NAME --role viewer` makes one")
