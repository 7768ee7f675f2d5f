"""Reading `.airut/sandbox.yaml`: every fault at once, with line and column, and the key that was probably meant."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from airut.ci.settings import SandboxFile
from airut.config.held_secret import HeldSecret
from airut.config.secret_readers import Places
from airut.config.secret_sources import SecretSources
from airut.config.tags import Faulty, Tagged, TaggedFile, Unreadable
from airut.errors import ConfigError
from airut.models.base import Model
from airut.models.credentials.source import FileSource

LITERAL = "write !env NAME, or !file /path: what stands here can be read by everybody who reads the repository"
RELATIVE = "must be an absolute path: what lies in the checkout belongs to whoever wrote it"
Location = tuple[str | int, ...]


class _Outside(Places):
    """Sources outside of the checkout, whose files are its author's: no `.env` of it, no path into it by accident."""

    @property
    def dotenv(self) -> tuple[Path, ...]:
        return ()

    def path(self, source: FileSource) -> Path:
        path = Path(source.path).expanduser()
        if not path.is_absolute():
            raise ValueError(f"{source.path} {RELATIVE}")
        return path


class _Sources(SecretSources):
    def opened(self, given: object, *, one_line: bool) -> str | HeldSecret:
        if not isinstance(given, Tagged | Unreadable):
            raise ValueError(LITERAL)
        return super().opened(given, one_line=one_line)


def read_settings(text: str | None, name: str, environment: Mapping[str, str] | None = None) -> SandboxFile:
    """What the file says; all defaults where there is none, or it says nothing. `name` is what errors call it.

    Raises:
        ConfigError: one line for each fault, without any secret.
    """
    if text is None or not _says_something(text):
        return SandboxFile()
    places = _Outside(Path(), os.environ if environment is None else environment)
    file = TaggedFile(Path(name), places, written=text)
    try:
        settings = SandboxFile.model_validate(file.values, context=_Sources(places=places))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        lines = [*file.faults, *(line for fault in faults if (line := _line(file, fault)))]
        raise ConfigError("\n".join(lines)) from None  # the original would print the values
    if file.faults:
        raise ConfigError("\n".join(file.faults))
    return settings


def _says_something(text: str) -> bool:
    lines = (line.strip() for line in text.splitlines())
    return any(line and not line.startswith("#") and line != "---" for line in lines)


def _line(file: TaggedFile, fault: ErrorDetails) -> str:
    """Empty where the file itself has it wrong, which is told already."""
    from airut.config import faults  # brings all of airut.yaml along, which only a fault has a use for

    location = faults.as_written(fault["loc"])
    given = _value_at(file.values, location)
    if isinstance(given, Faulty):
        return ""
    about_key = faults.is_about_the_key(fault)
    where = file.where(location, key=about_key)
    if about_key:
        nearest = difflib.get_close_matches(str(location[-1]), _keys(SandboxFile, location[:-1]), n=1)
        problem = "unknown key" + (f'; nearest is "{nearest[0]}"' if nearest else "")
    else:
        problem = faults.problem(given, location, fault)
    return ": ".join(filter(None, (where, ".".join(map(str, location)), problem)))


def _value_at(values: object, location: Location) -> object:
    for part in location:
        if not isinstance(values, dict | list):
            return None
        try:
            values = values[part]  # type: ignore[index]  # a list's part is a number, as pydantic tells places
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _keys(model: type[Model], location: Location) -> list[str]:
    """The names that may stand in the section at a place."""
    models: list[type[Model]] = [model]
    for part in location:
        if isinstance(part, int) or models == []:
            continue
        named = [each.model_fields[part].annotation for each in models if part in each.model_fields]
        if named:
            models = [found for annotation in named for found in _models(annotation)]
    return [field.alias or name for each in models for name, field in each.model_fields.items()]


def _models(annotation: object) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
