"""The sources of all secrets of one configuration: opened while it is read, and read again as they change."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from airut.config.held_secret import HeldSecret
from airut.config.secret_readers import Places, Unset
from airut.config.tags import Tagged, Unreadable
from airut.models.credentials.redaction import Redactor
from airut.models.credentials.secret import checked
from airut.models.credentials.source import CommandSource, Source, SystemdSource

_FORMS = "write !env NAME, !file path, {systemd: name} or {command: [program, argument]}"
_WRITTEN: TypeAdapter[SystemdSource | CommandSource] = TypeAdapter(SystemdSource | CommandSource)


class SecretSources:
    """Implements `airut.models.credentials.secret.SecretSources`. `redactor` knows every value that was read."""

    def __init__(
        self,
        folder: Path = Path(),
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        places: Places | None = None,
        previous: "SecretSources | None" = None,
    ) -> None:
        """`previous` are those of the same configuration as it was read before: what is read from the same source is
        the same secret, whoever holds it, and old values stay hidden."""
        self.redactor: Redactor = previous.redactor if previous else Redactor()
        self._before: list[HeldSecret] = [*previous.held] if previous else []
        self.places = places or Places(folder, environment or {})
        self.file: Path | None = None
        """What was read; None where it was no file."""
        self._clock = clock
        self.held: list[HeldSecret] = []
        self.credentials: list[str] = []
        """Names of systemd's that were asked for, each once."""
        self._renewing = threading.Lock()

    def opened(self, given: object, *, one_line: bool) -> str | HeldSecret:
        if isinstance(given, str) and not isinstance(given, Tagged):
            literal = checked(given, one_line=one_line)
            self.redactor.add(literal)
            return literal
        source = _source(given)
        if isinstance(source, SystemdSource) and source.systemd not in self.credentials:
            self.credentials.append(source.systemd)
        held = self._known(source, one_line=one_line) or HeldSecret(
            self.places.reader(source), self.redactor, self._clock, one_line=one_line, source=source
        )
        if not isinstance(source, CommandSource):  # a command is first run when its value is needed
            held.read_first()
        self.held.append(held)
        return held

    def _known(self, source: Source, *, one_line: bool) -> HeldSecret | None:
        """Each only once: what stands at two places is named by its own place."""
        for place, held in enumerate(self._before):
            if held.source == source and held.one_line is one_line:
                return self._before.pop(place)
        return None

    def is_unset(self, given: object) -> bool:
        """Whether a secret that may be missing is. What cannot be a source at all is not."""
        try:
            source = _source(given)
            if not isinstance(source, CommandSource):
                self.places.reader(source).read()
        except Unset:
            return True
        except ValueError:
            return False
        return False

    def named(self, fields: Mapping[str, object], stale_max: float) -> None:
        """Tell each secret its place in `airut.yaml`, and how long it may do without its source. `fields` are the
        secrets' origins, by place."""
        for field, origin in fields.items():
            if isinstance(origin, HeldSecret):
                origin.field, origin.stale_max = field, stale_max

    def run_commands(self) -> None:
        """Run each command that was not yet needed. To be called in a thread."""
        with self._renewing:
            for held in self.held:
                if held.is_new():
                    held.renew()

    def renew(self) -> None:
        """Read every source again. Takes as long as the commands among them; to be called in a thread."""
        with self._renewing:  # what two ask for at once is done once after the other, and never twice at a time
            for held in self.held:
                held.renew()

    def renew_due(self) -> None:
        """Run those commands again whose time has come. To be called in a thread."""
        with self._renewing:
            for held in self.held:
                if held.due_in() == 0.0:
                    held.renew()

    def due_in(self) -> float | None:
        """Seconds until `renew_due` has something to do; None where that is never."""
        return min((due for held in self.held if (due := held.due_in()) is not None), default=None)


def _source(given: object) -> Source:
    """
    Raises:
        ValueError: this is no source.
    """
    if isinstance(given, Tagged | Unreadable):
        return given.source
    if not isinstance(given, dict) or not ({"systemd", "command"} & set(given)):
        raise ValueError(f"must be text, or say where it is read from: {_FORMS}")
    try:
        return _WRITTEN.validate_python(given)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        wanted = "SystemdSource" if "systemd" in given else "CommandSource"
        fault = next(fault for fault in faults if fault["loc"][0] == wanted)
        where = ".".join(map(str, fault["loc"][1:]))
        raise ValueError(f"{where}: {fault['msg']}") from None
