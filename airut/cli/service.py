"""`airut install-service`, `airut uninstall-service`: systemd starts it, and keeps it running."""

import asyncio
import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from airut.adapters.systemd_user import SystemdUser
from airut.cli import image
from airut.cli.adapters import trees
from airut.cli.context import Settings, refused
from airut.config.running import running
from airut.config.schema import Config
from airut.errors import ServiceUnavailable
from airut.operations.environments import Environments
from airut.operations.service import install, units
from airut.operations.service.plan import plan
from airut.temporal.embedded import server_command

NO_SYSTEMD = "no systemd manager of this user is here; keep `airut up` running with the supervisor that there is"
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]


def install_service(
    context: typer.Context,
    split: Annotated[bool, typer.Option("--split", help="A unit for each process, hardened where it can be.")] = False,
    images: Annotated[bool, typer.Option(help="Make what sandboxes are started from, where it is missing.")] = True,
    yes: Yes = False,
) -> None:
    """Install Airut as a service of this user, or bring the installed one up to date. Agents run on meanwhile.
    Without a configuration, the service's dashboard asks for one."""
    settings: Settings = context.obj
    path = settings.wanted
    if split and not path.exists():
        raise refused(f"--split needs a configuration, and {path} is not there; `airut init` writes one")
    systemd, environments = SystemdUser(), Environments()
    if not systemd.is_there:
        raise refused(NO_SYSTEMD)
    config = settings.config if path.exists() else Config(config_version=1)
    unit = units.TARGET if split else units.UNIT
    process = running(config.state)
    if process is not None and not any(map(systemd.is_active, (units.UNIT, units.TARGET))):
        raise refused(f"`airut up` runs already (process {process}); `airut down` stops it, agents run on")
    described = _installation(config, path.resolve(), environments)
    planned = plan(units.split(described) if split else units.one(described), install.found(systemd.folder))
    if planned.diff:
        typer.echo(planned.diff)
        _confirm("replace these units?", yes)
    moved = environments.switch(Path(sys.prefix))
    started = install.apply(planned, unit, systemd, moved=moved)
    typer.echo(f"{unit} {'is started' if started else 'runs, and nothing has changed'}; systemctl --user status {unit}")
    _linger(systemd, yes)
    if images and not image.made():
        typer.echo("no task can begin before that is there; `airut image all` makes what is missing", err=True)
    if not config.repos:
        typer.echo(f"open {config.dashboard.address}, which asks for what the first repository needs")


def uninstall_service(
    context: typer.Context,
    purge: Annotated[bool, typer.Option("--purge", help="Remove the data too: threads, workspaces, keys.")] = False,
) -> None:
    """Stop the service and remove its units. Configuration and data stay."""
    settings: Settings = context.obj
    systemd = SystemdUser()
    if not systemd.is_there:
        raise refused(NO_SYSTEMD)
    state = settings.config.state
    if purge:
        _sure(state)
    names = install.remove(systemd)
    typer.echo(f"removed {', '.join(names)}" if names else "no unit of Airut is installed")
    if not purge:
        typer.echo(f"data stay in {state}, the configuration in {settings.path}")
        return
    if process := running(state):
        raise refused(f"`airut up` still runs (process {process}), nothing was removed; `airut down` stops it")
    asyncio.run(trees().remove(state))
    typer.echo(f"removed {state}; the configuration stays in {settings.path}")


def _installation(config: Config, path: Path, environments: Environments) -> units.Installation:
    names = config.sources.credentials
    folder = path.parent / "credentials"
    if absent := [name for name in names if not (folder / name).is_file()]:
        raise refused(f"put the value of the systemd credential {absent[0]} into {folder / absent[0]} (chmod 600)")
    server: tuple[str, ...] = ()
    if config.temporal.mode == "embedded":
        server = tuple(server_command(config.temporal, config.temporal.database or config.state / "temporal.db"))
        prefix = f"{Path(sys.prefix)}/"  # the link, so that an update moves it too
        server = (server[0].replace(prefix, f"{environments.link}/", 1), *server[1:])
    return units.Installation(
        airut=environments.airut,
        config=path,
        state=config.state,
        writable=(path.parent, config.blob_folder.parent, environments.root),
        credentials={name: folder / name for name in names},
        server=server,
        dashboard=config.dashboard.enabled,
        stops_within=math.ceil(config.execution.stops_within),
    )


def _linger(systemd: SystemdUser, yes: bool) -> None:
    if systemd.lingers():
        return
    if not (yes or (sys.stdin.isatty() and typer.confirm("run it also while you are not logged in (linger)?", True))):
        typer.echo("it ends when you log out; `loginctl enable-linger` changes that")
        return
    try:
        systemd.linger()
        typer.echo("it runs also while you are not logged in")
    except ServiceUnavailable as error:
        typer.echo(f"{error}; root has to run `loginctl enable-linger` for you", err=True)


def _confirm(question: str, yes: bool) -> None:
    if not yes and not (sys.stdin.isatty() and typer.confirm(question)):
        raise refused("nothing was changed; --yes answers the question")


def _sure(state: Path) -> None:
    """Twice, and the second time by its name: there is no way back."""
    typer.echo(f"--purge removes {state}: every thread, workspace and session, the keys, the history of all tasks")
    if not typer.confirm("remove all of it?"):
        raise refused("nothing was changed")
    if typer.prompt("type the folder's name to be sure") != state.name:
        raise refused("that is another name; nothing was changed")
