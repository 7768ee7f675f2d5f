"""Find, read and check `airut.yaml`; every fault is named at once, with its place."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from airut.config.migrations import HISTORY, KEY
from airut.config.schema import Config
from airut.config.secret_readers import Places
from airut.config.secret_sources import SecretSources
from airut.config.tags import TaggedFile, Unreadable
from airut.errors import ConfigError
from airut.models.credentials import KINDS
from airut.models.mail_oauth2 import PROVIDERS

PLACES = (Path("~/.config/airut/airut.yaml"), Path("/etc/airut/airut.yaml"))


def find_config(named: Path | None) -> Path:
    """`--config`, `$AIRUT_CONFIG`, then the usual places.

    Raises:
        ConfigError: there is none; says where it was looked for.
    """
    if named is not None:
        return named
    if variable := os.environ.get("AIRUT_CONFIG"):
        return Path(variable)
    for place in PLACES:
        if place.expanduser().is_file():
            return place.expanduser()
    places = ", ".join(map(str, PLACES))
    raise ConfigError(f"no configuration: give --config, set AIRUT_CONFIG, or write one of {places}")


def load_config(
    path: Path,
    environment: Mapping[str, str] | None = None,
    *,
    places: Places | None = None,
    previous: SecretSources | None = None,
) -> Config:
    """Read the file, and with it every secret that is not printed by a command. `!env` looks into `environment`, by
    default this process's, and then into `.env` beside the file. `places` is told which files were looked at, also
    where this one is refused; `previous` are its secrets as they were read before.

    Raises:
        ConfigError: with one line for each fault: `file:line:column: field: problem`.
    """
    environment = os.environ if environment is None else environment
    places = places or Places(path.parent, environment)
    file = TaggedFile(places.noted(path), places)
    sources = SecretSources(places=places, previous=previous)
    sources.file = path
    try:
        config = Config.model_validate(file.values, context=sources)
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_input=False, include_url=False):
            location = _as_written(fault["loc"])
            lines.append(f"{file.where(location)}: {'.'.join(map(str, location))}: {_problem(file, location, fault)}")
        raise ConfigError("\n".join(lines)) from None  # the original would print the values, secrets among them
    return config.with_sources(sources)


def _as_written(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A place in the file: pydantic puts a credential's kind, and the provider of `oauth2`, into the path, where the
    file has none."""
    kinds = {i for i in range(2, len(location)) if location[i - 2] == "credentials" and location[i] in KINDS}
    kinds |= {i for i in range(1, len(location)) if location[i - 1] == "oauth2" and location[i] in PROVIDERS}
    return tuple(part for i, part in enumerate(location) if i not in kinds)


def _problem(file: TaggedFile, location: tuple[str | int, ...], fault: object) -> str:
    given = _value_at(file.values, location)
    if isinstance(given, Unreadable):
        return given.problem
    kind, message = str(fault["type"]), str(fault["msg"])  # type: ignore[index]  # pydantic's ErrorDetails
    if kind == "extra_forbidden":
        nearest = difflib.get_close_matches(str(location[-1]), _keys_at(location[:-1]), n=1)
        return "unknown key" + (f'; nearest is "{nearest[0]}"' if nearest else "")
    if kind == "missing" and location == KEY:
        return f"is required; add the line `config_version: {HISTORY.current}`"
    if kind == "missing":
        return "is required; add the line `config_version: 1`" if location == ("config_version",) else "is required"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        context = fault["ctx"]  # type: ignore[index]  # as above
        needed = f"{str(context['discriminator']).strip(chr(39))} is required"
        return f"{needed}: one of {context['expected_tags']}" if kind == "union_tag_invalid" else needed
    return message.removeprefix("Value error, ").removeprefix("Input should be ")


def _value_at(values: object, location: tuple[str | int, ...]) -> object:
    for part in location:
        if isinstance(values, dict | list):
            values = values[part] if part in values or isinstance(values, list) else None  # type: ignore[index]
    return values


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """The keys that the schema knows at a place: follow annotations as far as they are models."""
    model: type[BaseModel] | None = Config
    for part in location:
        if model is None:
            return []
        if part in model.model_fields:
            model = _model_of(model.model_fields[str(part)].annotation)
        # else: a key of a dict[str, Model], whose model is already the current one
    return list(model.model_fields) if model else []


def _model_of(annotation: object) -> type[BaseModel] | None:
    """The first model inside an annotation such as `X | None` or `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _model_of(argument):
            return found
    return None
