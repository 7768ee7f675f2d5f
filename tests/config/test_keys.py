"""The walk over the schema that documentation, forms and editors are made of."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from airut.config.key import Form, Key
from airut.config.keys import keys
from airut.config.reload_class import ReloadClass
from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.policy.model_endpoint import ANTHROPIC
from airut.models.values.durations import Bytes, Seconds, Share, or_none, parse_duration
from airut.models.values.rate import ARate, Rate

LIVE, TASK, RESTART = ReloadClass.LIVE, ReloadClass.TASK, ReloadClass.RESTART


class Colour(StrEnum):
    RED = "red"


class Below(Model):
    """What stands below."""

    share: Annotated[Share, Field(ge=0, lt=1)] = 0.1
    password: Secret


class Tin(Model):
    """A tin."""

    kind: Literal["tin"]
    size: Bytes = 512


class Box(Model):
    kind: Literal["box"]


class Sample(Model):
    number: Annotated[int, LIVE, Field(ge=1, le=9)] = 5
    """How
    many."""
    time: Annotated[Seconds, Field(gt=0)] = 5400.0
    # what stands between a field and its text is no text of it
    idle: Annotated[Annotated[float, Field(ge=10)] | None, or_none("never", parse_duration)] = 86400.0
    off: Annotated[Annotated[float, Field(ge=10)] | None, or_none("never", parse_duration)] = None
    colour: Colour | None = None
    level: Literal["low", "high"] = "low"
    rate: ARate = Rate(most=30, seconds=3600)
    name: Annotated[str, Field(pattern="^x", alias="from")]
    folder: Path = Path("~/x")
    below: Annotated[Below | Literal["nothing"], TASK] = "nothing"
    names: Annotated[tuple[str, ...], Field(max_length=4)] = ("a: b",)
    things: dict[Annotated[str, Field(pattern="^t")], Annotated[Tin | Box, Field(discriminator="kind")]] = {}


def key(path: str, form: Form, default: str | None = None, reload: ReloadClass = RESTART, **more: object) -> Key:
    return Key.model_validate({"path": path, "form": form, "default": default, "reload": reload, **more})


def test_every_kind_of_annotation() -> None:
    assert keys(Sample) == (
        key("number", Form.INTEGER, "5", LIVE, minimum=1, maximum=9, doc="How many."),
        key("time", Form.DURATION, "90m", minimum=0, exclusive=True),
        key("idle", Form.DURATION, "1d", minimum=10, words=("never",)),
        key("off", Form.DURATION, "never", minimum=10, words=("never",)),
        key("colour", Form.CHOICE, "null", choices=("red",), nullable=True),
        key("level", Form.CHOICE, "low", choices=("low", "high")),
        key("rate", Form.TEXT, "30/h"),
        key("from", Form.TEXT, required=True, pattern="^x"),
        key("folder", Form.PATH, "~/x"),
        key("below", Form.SECTION, reload=TASK, words=("nothing",), doc="What stands below."),
        key("below.share", Form.SHARE, "10%", TASK, minimum=0, maximum=1, below=True),
        key("below.password", Form.SECRET, reload=LIVE, required=True),
        key("names", Form.LIST, '["a: b"]', maximum=4),
        key("names[]", Form.TEXT),
        key("things", Form.MAP, "{}", pattern="^t"),
        key("things.<name>", Form.SECTION),
        key("things.<name>.kind", Form.CHOICE, required=True, choices=("tin",), variant="kind: tin"),
        key("things.<name>.size", Form.SIZE, "512", variant="kind: tin"),
        key("things.<name>.kind", Form.CHOICE, required=True, choices=("box",), variant="kind: box"),
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "limits.memory",
            key(
                "limits.memory",
                Form.SIZE,
                "8g",
                TASK,
                minimum=32 * 1024**2,
                words=("unlimited",),
                doc="Half of the host's, where that is less; without swap.",
            ),
        ),
        ("repos.<name>.agent.auth.api_key", key("", Form.SECRET, "null", LIVE, nullable=True)),
        ("repos.<name>.agent.base_url", key("", Form.TEXT, ANTHROPIC.url, TASK)),
        ("temporal.codec.keys.<name>", key("", Form.SECRET, reload=RESTART)),
        ("budgets.per_day", key("", Form.NUMBER, "500", LIVE, nullable=True, minimum=0.01, maximum=1e6)),
        ("repos.<name>.channels.email.imap.host", key("", Form.TEXT, reload=ReloadClass.CHANNEL, required=True)),
    ],
)
def test_keys_of_the_file(path: str, expected: Key) -> None:
    (found,) = [each for each in keys() if each.path == path]
    assert found == expected.model_copy(update={"path": path, "doc": expected.doc or found.doc})


def test_nothing_in_the_file_is_of_a_form_that_the_walk_does_not_know() -> None:
    anything = [each.path for each in keys() if each.form is Form.ANY]
    assert anything == [
        "vars.<name>",
        "build.allowlist.<name>",
        "repos.<name>.agent.settings.<name>",
        "repos.<name>.build.allowlist.<name>",
    ]
