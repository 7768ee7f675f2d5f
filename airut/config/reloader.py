"""Sees that `airut.yaml`, its `.env` or a file of a secret has changed, and reads all of it again."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError

from airut.config.dashboard_settings import DashboardSettings
from airut.config.differences import Change, changes, taken_up
from airut.config.digest import digest
from airut.config.generation import Generation
from airut.config.load import load_config
from airut.config.reload_class import ReloadClass
from airut.config.schema import Config
from airut.config.secret_readers import Places, mark_of
from airut.errors import ConfigError


class Candidate:
    """A configuration that was read and is good; `config` is what of it can take effect now."""

    def __init__(self, config: Config, generation: Generation, changed: tuple[Change, ...]) -> None:
        self.config = config
        self.generation = generation
        self.changed = changed


class Reloader:
    """Of one process. `look` is to be called every now and then; what it returns takes effect with `adopt`."""

    def __init__(self, config: Config, environment: Mapping[str, str], now: datetime) -> None:
        self.config = config
        self.generation = Generation(digest=digest(config), since=now)
        self._environment = environment
        self._marks = dict(config.sources.places.files)
        self._unsteady = self._marks

    def look(self, now: datetime, *, force: bool = False) -> Candidate | None:
        """None where there is nothing new; `force` reads again all the same. A bad file changes nothing, and is told
        as the generation's error. Reads files: to be called in a thread."""
        file = self.config.sources.file
        if file is None:
            return None
        if not force and not self._changed():
            return None
        places = Places(file.parent, self._environment, self.config.sources.places.working)
        try:
            read = load_config(file, self._environment, places=places, previous=self.config.sources)
        except ConfigError as error:
            self.refuse(str(error))
            return None
        finally:
            # What a bad file did not come to name may still be what it is to be put right with.
            self._marks = self._marks | places.files
            self._unsteady = self._marks
        config = taken_up(self.config, read)
        try:
            # What is safe on the address of the new file need not be on the one that is listened on until the restart.
            DashboardSettings.model_validate(config.dashboard.model_dump())
        except ValidationError as error:
            self.refuse(f"dashboard, until it is started again: {error.errors(include_url=False)[0]['msg']}")
            return None
        pending = tuple(each.path for each in changes(config, read))
        generation = Generation(number=self.generation.number + 1, digest=digest(read), since=now, pending=pending)
        return Candidate(config, generation, changes(self.config, config))

    def _changed(self) -> bool:
        """Whether a file is another than when it was read, and no longer being written as it seems."""
        marks = {path: mark_of(path) for path in self._marks}
        steady, self._unsteady = marks == self._unsteady, marks
        return steady and marks != self._marks

    def adopt(self, candidate: Candidate, kept: tuple[str, ...] = ()) -> None:
        """It is in effect, but for what `kept` says."""
        self.config = candidate.config
        self.generation = candidate.generation.model_copy(update={"kept": kept})

    def refuse(self, reason: str) -> None:
        """It is not in effect."""
        self.generation = self.generation.model_copy(update={"error": reason})


def told(candidate: Candidate) -> str:
    """What it brings, for the log."""
    later = {ReloadClass.TASK: " (from the next task on)"}
    lines = [each.path + later.get(each.reload, "") for each in candidate.changed]
    lines += [f"{path} (with the next start)" for path in candidate.generation.pending]
    return ", ".join(lines) or "nothing but values of secrets, if anything"
