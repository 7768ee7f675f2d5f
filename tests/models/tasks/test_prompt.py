"""Prompts as the agent reads them."""

from airut.models.blob import BlobRef
from airut.models.tasks.prompt import compose_prompt, compose_rules
from airut.models.threads.message import Attachment
from tests.support.messages import mail

FILE = Attachment(name="log.txt", media_type="text/plain", content=BlobRef(sha256="0" * 64, size=1))


def test_one_message_is_its_subject_and_text() -> None:
    assert compose_prompt(((mail("x"), "please add it\n"),)) == "Add a file\n\nplease add it\n"


def test_several_messages_carry_author_and_time_and_files() -> None:
    first = mail("x").model_copy(update={"attachments": (FILE,), "subject": ""})
    second = mail("y", author="bob@example.com").model_copy(update={"subject": ""})
    assert compose_prompt(((first, "one"), (second, "two"))) == (
        "[ann@example.com, 2026-03-29 12:00 UTC]\none\n[file: /inbox/log.txt]\n\n"
        "[bob@example.com, 2026-03-29 12:00 UTC]\ntwo\n"
    )


def test_a_picture_is_named_where_it_stood_by_the_name_that_it_has_now() -> None:
    logo = Attachment(name="image007.png", media_type="image/png", content=BlobRef(sha256="1" * 64, size=1))
    twice = Attachment(name="image008.png", media_type="image/png", content=BlobRef(sha256="1" * 64, size=1))
    message = mail("x").model_copy(update={"attachments": (FILE, logo, twice), "subject": ""})
    text = "see [file: image007.png] and [file: unknown.png]"
    names = {"0" * 64: "log-2.txt", "1" * 64: "image001.png"}
    assert compose_prompt(((message, text),), names) == (
        "see [file: /inbox/image001.png] and [file: unknown.png]\n[file: /inbox/log-2.txt]\n[file: /inbox/image001.png]\n"
    )


def test_in_a_channel_everybody_has_a_name_and_a_first_line_is_not_said_twice() -> None:
    post = mail("x").model_copy(update={"open_to_authorized": True, "subject": "add a test", "key": "k"})
    assert compose_prompt(((post, "add a test\nplease"),), contexts={"k": "[Bo] it broke"}) == (
        "[Bo] it broke\n\n[ann@example.com, 2026-03-29 12:00 UTC]\nadd a test\nplease\n"
    )


def test_rules_hold_the_operators_and_the_default_branchs_words() -> None:
    rules = compose_rules("Be brief.", "Use tabs.")
    assert rules.index("unattended") < rules.index("Be brief.") < rules.index("Use tabs.")
