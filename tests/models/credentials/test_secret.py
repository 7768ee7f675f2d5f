"""A secret is not seen, however it is looked at."""

import copy
import json
import pickle

import pytest
from pydantic import BaseModel, ValidationError

from airut.models.credentials.secret import Secret


class Holder(BaseModel):
    value: Secret


REAL = "s3cret-value"


@pytest.mark.parametrize(
    "look",
    [
        repr,
        str,
        lambda secret: f"{secret} {secret!r} {secret:>20}",
        lambda secret: "{0} {0!r}".format(secret),  # noqa: UP032 - another way to look
        lambda secret: str([secret, {"a": secret}]),
        lambda secret: repr(Holder(value=secret)),
        lambda secret: Holder(value=secret).model_dump_json(),
        lambda secret: json.dumps(Holder(value=secret).model_dump(mode="json")),
        lambda secret: repr(pickle.loads(pickle.dumps(secret)).reveal()),
        lambda secret: pickle.dumps(secret).hex(),
        lambda secret: str(vars(secret) if hasattr(secret, "__dict__") else ""),
    ],
)
def test_every_look_is_blind(look: object) -> None:
    seen = look(Secret(REAL))  # type: ignore[operator]
    assert REAL not in seen
    assert REAL.encode().hex() not in seen


def test_an_error_does_not_show_it() -> None:
    with pytest.raises(ValidationError) as error:
        Holder.model_validate({"value": Secret(REAL), "other": 1, "value2": None} | {"value": 3})
    assert REAL not in str(error.value)


def test_it_is_revealed_on_request_and_by_copies_in_the_process() -> None:
    secret = Holder(value=Secret(REAL)).value
    assert secret.reveal() == copy.deepcopy(secret).reveal() == copy.copy(secret).reveal() == REAL
    assert secret == Secret(REAL)
    assert secret != REAL


@pytest.mark.parametrize("value", ["", "a\nb", "a\rb", "a\0b"])
def test_what_no_header_can_carry(value: str) -> None:
    with pytest.raises(ValidationError):
        Holder.model_validate({"value": value})
