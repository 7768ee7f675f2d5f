import pytest

from airut.models.message_id import derive_token, workflow_id
from signals.routing import MailReferences, message_ids, message_key, thread_token

TOKEN = "abcdefghij234567"
OURS = f"<airut.{TOKEN}.1.done.0@airut.test>"
OTHER = "<airut.zzzzzzzzzzzzzzzz.2.ack.0@airut.test>"


def token(**fields: object) -> str:
    return thread_token("repo", MailReferences.model_validate({"message_id": "<new@x>"} | fields), "fallback")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, derive_token("repo", "<new@x>")),
        ({"message_id": None}, derive_token("repo", "fallback")),
        ({"in_reply_to": ("<first@x>",)}, derive_token("repo", "<first@x>")),
        (
            {"references": ("<first@x>", "<second@x>"), "in_reply_to": ("<second@x>",)},
            derive_token("repo", "<first@x>"),
        ),
        ({"in_reply_to": (OURS,)}, TOKEN),
        ({"references": (OTHER, OURS, "<third@x>")}, TOKEN),
        ({"in_reply_to": (OTHER,), "references": (OURS,)}, "z" * 16),
        ({"recipients": (f"agent+t-{TOKEN}@airut.test",), "subject": f"[airut {'z' * 16}]"}, TOKEN),
        ({"subject": f"Re: x [airut {TOKEN.upper()}] y"}, TOKEN),
        ({"quoted": f"old\n> airut {TOKEN}\n"}, TOKEN),
        ({"quoted": f"see airut {TOKEN} there"}, derive_token("repo", "<new@x>")),
        ({"in_reply_to": ("<rewritten@ses>",), "subject": f"[airut {TOKEN}]"}, TOKEN),
    ],
)
def test_thread_token(fields: dict[str, object], expected: str) -> None:
    assert token(**fields) == expected


def test_two_quick_first_mails_meet() -> None:
    first = MailReferences(message_id="<first@x>")
    second = MailReferences(message_id="<second@x>", in_reply_to=("<first@x>",), references=("<first@x>",))
    assert thread_token("repo", first, "") == thread_token("repo", second, "")
    assert thread_token("repo", first, "") != thread_token("other", first, "")


def test_token_is_stable() -> None:
    """Changing this loses every thread of every installation."""
    assert derive_token("repo", "<a@b>") == "4outqry5mg7jltcf"


@pytest.mark.parametrize(
    ("field", "ids"),
    [
        ("<a@b> (comment) <c@d>", ("<a@b>", "<c@d>")),
        ("a@b <c@d", ()),
        ("<a b@c> <d@e>\t<<f@g>>", ("<d@e>", "<f@g>")),
        ("", ()),
    ],
)
def test_message_ids(field: str, ids: tuple[str, ...]) -> None:
    assert message_ids(field) == ids


def test_workflow_id() -> None:
    assert workflow_id("repo", TOKEN) == f"repo/mail/{TOKEN}"
    with pytest.raises(ValueError, match="not a thread token"):
        workflow_id("repo", "../x")


def test_message_key() -> None:
    same = message_key("<a@b>", "alice@x", ("f", "d", "s"), b"body")
    assert same == message_key("<a@b>", "alice@x", ("g", "e", "t"), b"other")
    assert same != message_key("<a@b>", "bob@x", ("f", "d", "s"), b"body")
    without = message_key(None, "alice@x", ("f", "d", "s"), b"body")
    assert without == message_key(None, "alice@x", ("f", "d", "s"), b"body")
    assert without != message_key(None, "alice@x", ("f", "d", "s"), b"other")
