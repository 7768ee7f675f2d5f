"""`airut.yaml` and the `.env` beside it as a person edits them: checked as a whole before they are saved."""

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path

from airut.config.dotenv import dotenv_files, parse_dotenv, working_folder
from airut.config.editing import files
from airut.config.editing.document import digest
from airut.config.editing.dotenv_edit import with_variable
from airut.config.load import load_config
from airut.config.schema import Config
from airut.config.secret_readers import Places
from airut.errors import ConfigError
from airut.models.base import Model


class Fault(Model):
    """What is wrong, and in which line of the file; 0 where it is about none."""

    line: int
    problem: str


class Changed(Exception):
    """The file is not the one any more that somebody has seen."""


class Invalid(Exception):
    """It would not be read. `faults` holds no secret."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(fault.problem for fault in faults))
        self.faults = faults


class ConfigurationFiles:
    """Of one `airut.yaml`, which may not be there yet. It all reads or writes files: to be called in a thread."""

    def __init__(self, path: Path, environment: Mapping[str, str] | None = None, working: Path | None = None) -> None:
        """By default with this process's environment and working directory."""
        self.path = path
        self._environment = os.environ if environment is None else environment
        self._working = working or working_folder()
        self._saving = threading.Lock()

    @property
    def dotenv(self) -> Path:
        return self.path.with_name(".env")

    def read(self) -> str:
        """Its text; empty where there is none. Raises: ConfigError"""
        return files.read(self.path) or ""

    def check(self, written: str, secrets: Mapping[str, str] | None = None) -> Config:
        """What the text would be read as, with these variables in `.env`.

        Raises:
            Invalid: it would not be.
        """
        environment = {**(secrets or {}), **self._environment}
        try:
            return load_config(self.path, written=written, places=Places(self.path.parent, environment, self._working))
        except ConfigError as error:
            raise Invalid(_faults(str(error), self.path)) from None

    def save(self, seen: str, written: str, secrets: Mapping[str, str] | None = None) -> Config:
        """Write both files, `.env` first: what names a variable is never there before its value.

        Raises:
            Changed: the file's digest is not `seen`.
            Invalid: it would not be read; nothing was written.
            ConfigError: a file cannot be read or written.
        """
        with self._saving:
            config = self.check(written, secrets)
            if digest(self.read().encode()) != seen:
                raise Changed
            if secrets:
                dotenv = files.read(self.dotenv) or ""
                for name, value in secrets.items():
                    dotenv = with_variable(dotenv, name, value)
                files.replace(self.dotenv, dotenv, files.PRIVATE)
            if written != self.read() or not self.path.exists():
                files.replace(self.path, written)
            return config

    def free_variable(self, wanted: str, present: str | None = None) -> str:
        """The name under which a value goes to `.env`: `present`, the one that it has, unless the process's environment
        would win over it; else `wanted`, or that with a number, so that no other's value is replaced."""
        if present is not None and not self._environment.get(present):
            return present
        taken = {*self._environment}
        for file in dotenv_files(self.path.parent, self._working):
            if file.is_file():
                taken |= parse_dotenv(files.read(file) or "").keys()
        return next(
            name
            for number in range(1, 10_000)
            if (name := wanted if number == 1 else f"{wanted}_{number}") not in taken
        )


def variable_name(parts: tuple[str | int, ...]) -> str:
    """`("repos", "web", "agent", "auth", "api_key")` → `WEB_AGENT_AUTH_API_KEY`."""
    named = parts[1:] if parts[0] == "repos" and len(parts) > 1 else parts
    name = re.sub(r"[^A-Za-z0-9]+", "_", "_".join(map(str, named))).strip("_").upper()
    return name if name[:1].isalpha() else f"AIRUT_{name}"


def _faults(text: str, path: Path) -> tuple[Fault, ...]:
    found = []
    for line in text.splitlines():
        place = re.match(rf"{re.escape(str(path))}[^:\n]*(?::(\d+):\d+)?: ", line)
        found.append(Fault(line=int(place[1] or 0) if place else 0, problem=line[place.end() :] if place else line))
    return tuple(found)
