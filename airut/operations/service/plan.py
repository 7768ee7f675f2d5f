"""What an installation of units would change. Pure."""

import difflib
from collections.abc import Mapping

from airut.models.base import Model

OURS = ("airut.service", "airut.target", "airut-")
"""How the names of our units begin."""


class Plan(Model):
    """By file name. `write` are new or changed."""

    write: Mapping[str, str]
    remove: tuple[str, ...]
    """Units of ours that are not wanted any more, of the other way to install."""
    diff: str
    """What changes in files that are there; empty where nothing does."""

    @property
    def is_empty(self) -> bool:
        return not self.write and not self.remove


def plan(wanted: Mapping[str, str], found: Mapping[str, str]) -> Plan:
    """`found` are our units as they are now."""
    write = {name: text for name, text in wanted.items() if found.get(name) != text}
    remove = tuple(sorted(set(found) - set(wanted)))
    changed = [(name, found[name], write.get(name, "")) for name in sorted({*write, *remove} & set(found))]
    lines = [
        line
        for name, old, new in changed
        for line in difflib.unified_diff(
            old.splitlines(), new.splitlines(), name, name if new else "(removed)", "", "", 2, ""
        )
    ]
    return Plan(write=write, remove=remove, diff="\n".join(lines))


def is_ours(name: str) -> bool:
    return name.endswith((".service", ".target")) and name.startswith(OURS)
