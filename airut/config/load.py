"""Find, read and check `airut.yaml`; every fault is named at once, with its place."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from airut.config.dotenv import working_folder
from airut.config.faults import as_written, is_about_the_key, problem
from airut.config.schema import Config
from airut.config.secret_readers import Places
from airut.config.secret_sources import SecretSources
from airut.config.tags import Faulty, TaggedFile
from airut.errors import ConfigError


def load_config(
    path: Path,
    environment: Mapping[str, str] | None = None,
    *,
    places: Places | None = None,
    previous: SecretSources | None = None,
    written: str | None = None,
) -> Config:
    """Read the file, and with it every secret that is not printed by a command. `!env` looks into `environment`, by
    default this process's, and then into `.env` beside the file and in the working directory. `places` is told which
    files were looked at, also where this one is refused; `previous` are its secrets as they were read before. `written`
    is read in place of what the file holds.

    Raises:
        ConfigError: with one line for each fault: `file:line:column: field: problem`.
    """
    environment = os.environ if environment is None else environment
    places = places or Places(path.parent, environment, working_folder())
    file = TaggedFile(places.noted(path), places, written=written)
    sources = SecretSources(places=places, previous=previous)
    sources.file = path
    try:
        config = Config.model_validate(file.values, context=sources)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        lines = [*file.faults, *(line for fault in faults if (line := _line(file, fault)))]
        raise ConfigError("\n".join(lines)) from None  # the original would print the values, secrets among them
    if file.faults:
        raise ConfigError("\n".join(file.faults))
    return config.with_sources(sources)


def _line(file: TaggedFile, fault: ErrorDetails) -> str:
    """Empty where the file itself has it wrong, which is told already."""
    location = as_written(fault["loc"])
    given = _value_at(file.values, location)
    if isinstance(given, Faulty):
        return ""
    where = file.where(location, key=is_about_the_key(fault))
    return f"{where}: {'.'.join(map(str, location))}: {problem(given, location, fault)}"


def _value_at(values: object, location: tuple[str | int, ...]) -> object:
    for part in location:
        if isinstance(values, dict | list):
            values = values[part] if part in values or isinstance(values, list) else None  # type: ignore[index]
    return values
