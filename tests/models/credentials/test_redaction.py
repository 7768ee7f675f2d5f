"""What is hidden, however it is written."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from airut.models.credentials.redaction import HIDDEN, Redactor

REAL = 'p/w "ü+% 1234'


@pytest.mark.parametrize(
    "written",
    [
        REAL,
        quote(REAL),
        quote(REAL, safe=""),
        quote_plus(REAL),
        "p%2fw%20%22%c3%bc%2b%25%201234",
        json.dumps(REAL)[1:-1],
        json.dumps(REAL, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(REAL)[1:-1])[1:-1],
    ],
)
def test_every_writing_is_found(written: str) -> None:
    redactor = Redactor({REAL: HIDDEN})
    assert redactor.text(f"before {written} after") == "before *** after"
    assert redactor.holds(f"before {written} after".encode())


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_nor_is_it_left_in_base64(before: str, encode: object) -> None:
    encoded = encode(f"{before}{REAL}!".encode()).decode()  # type: ignore[operator]
    shown = Redactor({REAL: HIDDEN}).text(f"Basic {encoded}")
    left, hidden, right = shown.removeprefix("Basic ").partition(HIDDEN)
    assert hidden
    # Beside the neighbours' own characters, one at either end that holds at most four bits of the value.
    assert len(left) <= len(before) * 8 / 6 + 1
    assert len(right.rstrip("=")) <= 8 / 6 + 2


def test_short_values_and_innocent_texts_stay() -> None:
    redactor = Redactor({"12345": HIDDEN})
    redactor.add("123456")
    assert redactor.text("12345 123456 \ud800") == "12345 *** \ud800"
    assert not redactor.holds(b"12345")


def test_of_two_at_one_place_the_longer_is_meant_and_what_was_added_first_stays() -> None:
    redactor = Redactor({"token-1": "[redacted:A]"})
    redactor.add("token-1-longer")
    redactor.add("token-1", "[redacted:B]")
    assert redactor.text("token-1 token-1-longer") == "[redacted:A] ***"
