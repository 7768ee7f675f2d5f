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


characters = st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Cs")) | st.sampled_from(
    "\n\r\t\"'\\#$ ="
)


@given(st.text(characters, max_size=30), st.sampled_from(["A", "B", "C", "D_1"]), st.sampled_from([FILE, "", "A=\n"]))
def test_every_value_is_read_back_equal_and_no_other_changes(value: str, name: str, written: str) -> None:
    assert parse_dotenv(with_variable(written, name, value)) == {**parse_dotenv(written), name: value}


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "A\n"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ConfigError, match="is no name of an environment variable"):
        with_variable("", name, "x")
