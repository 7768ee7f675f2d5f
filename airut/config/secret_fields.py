"""Where in a configuration its secrets stand."""

from collections.abc import Iterator

from pydantic import BaseModel

from airut.models.credentials.secret import Secret


def secrets_in(value: object, place: str = "") -> Iterator[tuple[str, Secret]]:
    """Every secret below a value, with its place: `repos.web.credentials.GH_TOKEN.value`."""
    match value:
        case Secret():
            yield place, value
        case BaseModel():
            for name in type(value).model_fields:
                if getattr(value, name) is not None:
                    yield from secrets_in(getattr(value, name), _below(place, name))
        case dict():
            for key, member in value.items():
                yield from secrets_in(member, _below(place, str(key)))
        case tuple() | list():
            for number, member in enumerate(value):
                yield from secrets_in(member, _below(place, str(number)))
        case _:
            pass


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
