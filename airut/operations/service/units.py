"""The text of systemd's unit files (systemd.unit(5), systemd.service(5)). Pure."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from airut.models.base import Model

UNIT, TARGET = "airut.service", "airut.target"
WATCHDOG = 60
"""Seconds without a word after which systemd starts it again: `airut up` sends one every twenty."""
CAREFUL = """\
NoNewPrivileges=yes
PrivateUsers=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""
"""For processes that start no Podman: its id mapping needs what these take away."""


class Installation(Model):
    """What units are made of."""

    airut: Path
    """The command."""
    config: Path
    state: Path
    writable: tuple[Path, ...] = ()
    """Folders besides `state` that processes write to."""
    credentials: Mapping[str, Path] = {}
    """systemd's credentials that the configuration names, each with its file."""
    server: tuple[str, ...] = ()
    """The embedded Temporal's command line, for units that are split; empty for an external one."""
    dashboard: bool = True
    stops_within: int = 180
    """Seconds for an end in order, which `airut down` waits for too; agents are not among what it waits for. Then
    systemd kills what is left, and nothing is lost."""


def one(installation: Installation) -> dict[str, str]:
    """Everything in one unit: `airut up`, which starts Podman, so that nothing is hardened further."""
    return {UNIT: _service(installation, "Airut", _command(installation, "up"), wanted_by="default.target")}


def split(installation: Installation) -> dict[str, str]:
    """A unit for each process, and a target for all of them."""
    return dict(_split(installation))


def _split(installation: Installation) -> Iterator[tuple[str, str]]:
    def part(says: str, command: str, *, careful: bool = True, after: str = "", notify: bool = True) -> str:
        return _service(
            installation, f"Airut: {says}", command, part_of=TARGET, careful=careful, after=after, notify=notify
        )

    after = ""
    names = ["airut-control.service", "airut-host.service", "airut-intake.service"]
    if installation.server:
        after = "airut-temporal.service"
        names.insert(0, after)
        command = " ".join(map(quoted, installation.server))
        yield after, part("Temporal", command, notify=False)
    if installation.dashboard:
        names.append("airut-dashboard.service")
        yield names[-1], part("the dashboard", _command(installation, "dashboard"), after=after)
    control = _command(installation, "worker", "control")
    yield "airut-control.service", part("workflows and replies", control, after=after)
    host = _command(installation, "worker", "host")
    yield "airut-host.service", part("sandboxes", host, careful=False, after=after)
    yield "airut-intake.service", part("messages", _command(installation, "intake"), after=after)
    wants = "".join(f"Wants={name}\n" for name in names)
    yield TARGET, f"[Unit]\nDescription=Airut\n{wants}\n[Install]\nWantedBy=default.target\n"


def _service(
    installation: Installation,
    says: str,
    command: str,
    *,
    part_of: str = "",
    after: str = "",
    careful: bool = False,
    notify: bool = True,
    wanted_by: str = "",
) -> str:
    lines = ["[Unit]", f"Description={says}"]
    lines += [f"PartOf={part_of}"] if part_of else []
    lines += [f"Wants={after}", f"After={after}"] if after else []
    # Tried for ever: what it needs may be away for a night.
    lines += ["StartLimitIntervalSec=0", "", "[Service]"]
    if notify:
        # Started when all is ready, which may take long: the proxy's image is made, and Temporal is waited for.
        lines += ["Type=notify", "NotifyAccess=main", "TimeoutStartSec=infinity", f"WatchdogSec={WATCHDOG}"]
    else:
        lines += ["Type=exec"]
    lines += [f"ExecStart={command}"]
    lines += ["ExecReload=kill -HUP $MAINPID"] if notify else []
    # `mixed`: the main process is told, and ends its parts in order. Agents and proxies are in scopes of their own.
    lines += [
        "Restart=always",
        "RestartSec=2",
        "KillMode=mixed",
        f"TimeoutStopSec={installation.stops_within}",
        "UMask=0077",
        "LimitCORE=0",
    ]
    if notify:
        lines += [f"LoadCredential={name}:{escaped(path)}" for name, path in sorted(installation.credentials.items())]
    text = "\n".join(lines) + "\n"
    if careful:
        folders = sorted({installation.state, *installation.writable})
        text += CAREFUL + "".join(f"ReadWritePaths=-{escaped(folder)}\n" for folder in folders)
    return text + (f"\n[Install]\nWantedBy={wanted_by}\n" if wanted_by else "")


def _command(installation: Installation, *words: str) -> str:
    return " ".join(map(quoted, (str(installation.airut), "--config", str(installation.config), *words)))


def quoted(word: str) -> str:
    """For a command line in a unit (systemd.service(5), *COMMAND LINES*)."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if any(character in word for character in " \t'\";") or not word else word


def escaped(path: Path) -> str:
    """For a path as a setting: `%` begins a specifier."""
    return str(path).replace("%", "%%")
