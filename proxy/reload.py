"""The rule set as it is now: read again when `rules.json` was renamed over, unusable when it cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from proxy import rules_document
from proxy.block import Reason, Refused
from proxy.rules import Rules
from proxy.rules_members import RulesError


class LiveRules:
    """Hands out the current rule set. The file is looked at each time: a stat costs a microsecond, and a sandbox that
    was started ahead of its task must not answer the task's first request by the rules of none."""

    def __init__(self, path: Path, on_change: Callable[[Rules], None]) -> None:
        self._path = path
        self._on_change = on_change
        self._identity: tuple[int, int, int] | None = None
        self._rules: Rules | None = None
        self._problem = "not read yet"

    def current(self) -> Rules:
        """The rule set to decide by.

        Raises:
            Refused: the file is missing or not a rule set of this version: everything is blocked until it is one.
        """
        self._refresh()
        if self._rules is None:
            raise Refused(Reason.INTERNAL_ERROR, f"the policy cannot be used: {self._problem}")
        return self._rules

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
            identity = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if identity == self._identity:
                return
            self._rules, self._identity = None, identity
            fresh = rules_document.parse(self._path.read_bytes())
            self._on_change(fresh)
        except (OSError, ValueError) as error:
            self._rules = None
            self._problem = str(error) if isinstance(error, RulesError) else type(error).__name__
            if isinstance(error, OSError):
                self._identity = None
        else:
            self._rules = fresh
