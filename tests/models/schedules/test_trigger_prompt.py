"""What a command said, cut to size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.schedules.trigger_prompt import (
    CommandEnd,
    compose_not_run_prompt,
    compose_trigger_prompt,
    head,
    spoken_size,
    tail,
)
from airut.models.values.durations import spoken_duration


@given(st.text(max_size=60), st.integers(1, 40))
def test_no_character_is_cut_in_two(text: str, limit: int) -> None:
    data = text.encode(errors="ignore")
    whole = data.decode().replace("\0", "")
    cut = head(data[:limit], limit, len(data)).partition("\n[cut at ")[0]
    assert whole.startswith(cut) or len(data) <= limit
    assert "\ufffd" not in cut or "\ufffd" in whole
    end = tail(data, limit).removeprefix("[…]\n")
    assert "\ufffd" not in end or "\ufffd" in whole
    assert whole.endswith(end)


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (523, "523 bytes"), (102_400, "100 KiB"), (2_411_725, "2.3 MiB")]
)
def test_sizes(size: int, words: str) -> None:
    assert spoken_size(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (45, "45 s"), (600, "10 min"), (5400, "1 h 30 min"), (90_061, "1 d 1 h")]
)
def test_durations(seconds: float, words: str) -> None:
    assert spoken_duration(seconds) == words


def test_bytes_that_are_no_text_and_fences_in_the_output() -> None:
    end = CommandEnd(command=("x",), code=1, stdout=b"\xff\x00```", stdout_size=5)
    prompt = compose_trigger_prompt("n", end, 100) or ""
    assert "````\n\ufffd```\n````" in prompt
    assert "Standard error:\n```\n(nothing)\n```" in prompt


def test_a_command_that_could_not_be_run() -> None:
    prompt = compose_not_run_prompt("nightly", ("make", "check it"), "no such image")
    assert prompt == (
        "The command of the schedule `nightly` could not be run. Find out why this failed.\n\n"
        "Command: `make 'check it'`\n\nReason:\n```\nno such image\n```"
    )
