"""What two configurations differ in, and what of that a process takes up while it runs (spec: operations §1.1)."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from airut.config.annotations import Plain
from airut.config.reload_class import ReloadClass
from airut.config.schema import Config
from airut.models.base import Model


class Change(Model):
    """One key whose value, or whose secret's source, is another; a whole repository, where one came or went."""

    path: str
    reload: ReloadClass


def changes(before: Config, after: Config) -> tuple[Change, ...]:
    """In the order of the schema."""
    return tuple(_changes(before, after, "", ReloadClass.RESTART))


def taken_up(running: Config, wanted: Config) -> Config:
    """`wanted`, except for what takes effect with a restart only: that stays as it is."""
    return _taken_up(running, wanted, ReloadClass.RESTART).following(running)


def _changes(before: object, after: object, path: str, reload: ReloadClass) -> Iterator[Change]:
    if isinstance(before, BaseModel) and type(before) is type(after):
        for name, alias, below in _fields(before, reload):
            place = f"{path}.{alias}" if path else alias
            yield from _changes(getattr(before, name), getattr(after, name), place, below)
    elif isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            if name in before and name in after:
                yield from _changes(before[name], after[name], f"{path}.{name}", reload)
            else:
                yield Change(path=f"{path}.{name}", reload=reload)
    elif before != after:
        yield Change(path=path, reload=reload)


def _taken_up[M: BaseModel](running: M, wanted: M, reload: ReloadClass) -> M:
    stays: dict[str, Any] = {}
    for name, _, below in _fields(running, reload):
        old, new = getattr(running, name), getattr(wanted, name)
        if isinstance(old, BaseModel) and type(old) is type(new):
            kept = _taken_up(old, new, below)
        else:
            kept = old if below is ReloadClass.RESTART else new
        if kept is not new:
            stays[name] = kept
    return wanted.model_copy(update=stays) if stays else wanted


def _fields(model: BaseModel, inherited: ReloadClass) -> Iterator[tuple[str, str, ReloadClass]]:
    for name, field in type(model).model_fields.items():
        notes = Plain(field.annotation, field.metadata).notes
        own = next((note for note in notes if isinstance(note, ReloadClass)), None)
        yield name, field.alias or name, own or inherited
