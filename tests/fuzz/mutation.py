"""Inputs for Hypothesis: a well-formed one with some of its bytes replaced, moved, doubled, or by words of its kind."""

from hypothesis import strategies as st

from tests.fuzz.targets import Target

MOST_EDITS = 6


@st.composite
def inputs(draw: st.DrawFn, target: Target) -> bytes:
    data = draw(st.one_of(st.sampled_from(target.seeds), st.sampled_from(target.seeds), st.binary(max_size=80)))
    for _ in range(draw(st.integers(0, MOST_EDITS))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        match draw(st.sampled_from(("word", "noise", "copy", "join"))):
            case "word" if target.words:
                middle = draw(st.sampled_from(target.words))
            case "copy":
                middle = data[start:end] * 2
            case "join":
                other = draw(st.sampled_from(target.seeds))
                middle = other[draw(st.integers(0, len(other))) :]
            case _:
                middle = draw(st.binary(max_size=8))
        data = data[:start] + middle + data[end:]
    return data
