"""What is written into `.env` is what our own reader reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.config.dotenv import parse_dotenv
from airut.config.editing.dotenv_edit import with_variable
from airut.errors import ConfigError

FILE = "# secrets\nexport A=1 # first\nB='two words'\n\nC=3"


@pytest.mark.parametrize(
    ("name", "value", "after"),
    [
        ("A", "x", "# secrets\nA=\"x\"\nB='two words'\n\nC=3"),
        ("B", 'a "b" \\n #c', '# secrets\nexport A=1 # first\nB="a \\"b\\" \\\\n #c"\n\nC=3'),
        ("C", "3", FILE),
        ("D", "$A\n'", FILE + '\nD="$A\\n\'"\n'),
    ],
)
def test_one_variable_changes(name: str, value: str, after: str) -> None:
    assert with_variable(FILE, name, value) == after


def test_a_value_over_several_lines_is_replaced_as_a_whole() -> None:
    written = "A='one\nB=2\n'  # both\nB=3\n"
    assert with_variable(written, "A", "new") == 'A="new"\nB=3\n'
    assert with_variable(written, "B", "new") == "A='one\nB=2\n'  # both\nB=\"new\"\n"


def test_an_open_quote_that_would_take_the_value_in_is_said() -> None:
    assert parse_dotenv(with_variable('A="open\n', "B", "x")) == {"A": '"open', "B": "x"}
    with pytest.raises(
        ConfigError, match=r"^B: \.env cannot take this value, since a quote in it is not closed; close"
    ):
        with_variable('A="open\n', "B", " # x")


characters = st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from("\n\r\t\"'\\#$ =")


@given(
    st.text(characters, max_size=30),
    st.sampled_from(["A", "B", "C", "D_1"]),
    st.sampled_from([FILE, "", "A=\n", "A='x\nB=\n'\nB=2"]),
)
def test_every_value_is_read_back_equal_and_no_other_changes(value: str, name: str, written: str) -> None:
    assert parse_dotenv(with_variable(written, name, value)) == {**parse_dotenv(written), name: value}


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "A\n"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ConfigError, match="is no name of an environment variable"):
        with_variable("", name, "x")
