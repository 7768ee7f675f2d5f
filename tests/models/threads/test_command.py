import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.blob import BlobRef, Text
from airut.models.threads.command import CommandName, CommandWord, ThreadCommand, parse_command, read_word
from airut.models.threads.message import Attachment
from tests.support.messages import mail

FILE = Attachment(name="a.txt", media_type="text/plain", content=BlobRef(sha256="0" * 64, size=1))
BLANK = st.text(" \t\n\r\u00a0\u200b\u200e\ufeff\u2028", max_size=4)


def mixed_case(word: str) -> st.SearchStrategy[str]:
    return st.lists(st.booleans(), min_size=len(word), max_size=len(word)).map(
        lambda upper: "".join(c.upper() if up else c for c, up in zip(word, upper, strict=True))
    )


@given(
    st.sampled_from(CommandName).flatmap(lambda name: st.tuples(st.just(name), mixed_case(name))),
    st.sampled_from(["", "/", "!"]),
    st.sampled_from(["", "."]),
    BLANK,
    BLANK,
)
def test_every_command_in_every_spelling(
    spelt: tuple[CommandName, str], prefix: str, final: str, before: str, after: str
) -> None:
    name, word = spelt
    assert read_word(f"{before}{prefix}{word}{final}{after}") == CommandWord(name=name)


@given(st.sampled_from(CommandName), st.text(min_size=1).filter(lambda text: any(c.isalnum() for c in text)))
def test_one_word_more_is_a_prompt(name: CommandName, more: str) -> None:
    assert read_word(f"{name} {more}") is None
    assert read_word(f"{more} {name}") is None or more.strip()[0] in "/!"


@given(st.text())
def test_nothing_makes_it_fail_and_only_listed_words_are_run(text: str) -> None:
    word = read_word(text)
    if word is not None and word.unknown is None:
        assert word.name in text.lower()
        assert sum(character.isalnum() for character in text) == len(word.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stop using tabs", None),
        ("please stop", None),
        ("stop\n\nand use spaces", None),
        ("stop!", None),
        ("stop..", None),
        ("stop?", None),
        ("don't stop", None),
        ("//stop", None),
        ("stopp", None),
        ("yes", None),
        ("", None),
        (".", None),
        ("/", None),
        ("ＳＴＯＰ", None),
        ("stоp", None),  # a Cyrillic о: no command of ours, and no prefix that says that one was meant
        ("ſtop", None),
        ("!", None),
        ("! important: stop", None),
        ("/ stop .", CommandWord(name=CommandName.STOP)),
        ("/Halt", CommandWord(name=CommandName.HELP, unknown="Halt")),
        ("!re-try.", CommandWord(name=CommandName.HELP, unknown="re-try")),
        ("/etc/passwd", None),
        ("/" + "x" * 32, None),
    ],
)
def test_what_is_a_prompt_and_what_is_unknown(text: str, expected: CommandWord | None) -> None:
    assert read_word(text) == expected


@pytest.mark.parametrize(("text", "command"), [("stop", False), ("/stop", True), ("!halt", True)])
def test_with_a_file_only_a_prefix_makes_it_a_command(text: str, command: bool) -> None:
    assert (read_word(text, has_files=True) is not None) is command
    message = mail(text).model_copy(update={"attachments": (FILE,)})
    assert (parse_command(message) is not None) is command


def test_a_command_keeps_who_when_and_where_and_no_text() -> None:
    message = mail("Pause.").model_copy(update={"uncut": Text(inline="Pause.\n\n> old"), "notes": ("a note",)})
    bare = message.model_copy(update={"text": Text(inline=""), "uncut": None, "notes": ()})
    command = parse_command(message)
    assert command == ThreadCommand(name=CommandName.PAUSE, message=bare)
    assert (command.key, command.author) == (message.key, "ann@example.com")


def test_a_text_in_the_blob_store_is_no_command() -> None:
    message = mail("x").model_copy(update={"text": Text(blob=BlobRef(sha256="0" * 64, size=9000))})
    assert parse_command(message) is None
