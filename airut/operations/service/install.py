"""Units into place, and out of it again."""

from pathlib import Path

from airut.adapters.systemd_user import SystemdUser
from airut.operations.service.plan import Plan, is_ours


def found(folder: Path) -> dict[str, str]:
    """Our units as they are, by file name."""
    if not folder.is_dir():
        return {}
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if is_ours(path.name) and path.is_file()}


def apply(plan: Plan, unit: str, systemd: SystemdUser, *, moved: bool) -> bool:
    """Make the user's units what is planned, and have `unit` run with them; whether it was (re)started. `moved`: the
    program is another one. Safe to call again after it was cut off.

    Raises:
        ServiceUnavailable: systemd refuses; says what it said.
    """
    for name in plan.remove:
        systemd.manage("disable", "--now", name)
        (systemd.folder / name).unlink(missing_ok=True)
    systemd.folder.mkdir(parents=True, exist_ok=True)
    for name, text in plan.write.items():
        partial = systemd.folder / f".{name}.partial"
        partial.write_text(text)
        partial.replace(systemd.folder / name)
    systemd.manage("daemon-reload")
    systemd.manage("enable", unit)
    if plan.is_empty and not moved and systemd.is_active(unit):
        return False
    systemd.manage("restart", "--no-block", unit)  # ready may be minutes away: `systemctl --user status` shows
    return True


def remove(systemd: SystemdUser) -> tuple[str, ...]:
    """Stop, disable and remove our units; their names. Raises: ServiceUnavailable"""
    names = tuple(sorted(found(systemd.folder), key=lambda name: not name.endswith(".target")))
    for name in names:
        systemd.manage("disable", "--now", name)
        (systemd.folder / name).unlink(missing_ok=True)
    if names:
        systemd.manage("daemon-reload")
    return names
