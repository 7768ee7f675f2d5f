import pytest

from airut.models.mail.message_id import derive_token, workflow_id
from signals.routing import MailReferences, is_untied, message_ids, message_key, thread_token

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
        # A relay rewrote our Message-ID (SES): the client's own references still begin with the root.
        (
            {"in_reply_to": ("<0100@email.amazonses.com>",), "references": ("<root@x>", "<0100@email.amazonses.com>")},
            derive_token("repo", "<root@x>"),
        ),
        ({"in_reply_to": (OURS.upper(),)}, TOKEN),
        (
            {"in_reply_to": (f"<airut.{TOKEN}.1.spam.0@airut.test>",)},
            derive_token("repo", f"<airut.{TOKEN}.1.spam.0@airut.test>"),
        ),
        ({"recipients": (f"agent+t-{TOKEN[:-1]}@airut.test",)}, derive_token("repo", "<new@x>")),
        ({"subject": f"[airut {TOKEN}x]"}, derive_token("repo", "<new@x>")),
        ({"quoted": f"> > >  airut {TOKEN}  "}, TOKEN),
    ],
)
def test_thread_token(fields: dict[str, object], expected: str) -> None:
    assert token(**fields) == expected


def test_the_order_of_what_names_a_thread() -> None:
    """Each one counts only where all before it are missing."""
    tokens = [letter * 16 for letter in "abcdef"]
    mail = MailReferences(
        message_id="<new@x>",
        in_reply_to=(f"<airut.{tokens[0]}.1.done.0@airut.test>",),
        references=(
            "<root@x>",
            f"<airut.{tokens[2]}.1.ack.0@airut.test>",
            f"<airut.{tokens[1]}.1.done.0@airut.test>",
        ),
        recipients=("agent@airut.test", f"agent+t-{tokens[3]}@airut.test"),
        subject=f"Re: [airut {tokens[4]}] x",
        quoted=f"> airut {tokens[5]}",
    )
    found = [thread_token("repo", mail, "")]
    for missing in (
        {"in_reply_to": ()},
        {"references": mail.references[:2]},
        {"references": ("<root@x>",)},
        {"recipients": ()},
        {"subject": ""},
        {"quoted": ""},
    ):
        mail = mail.model_copy(update=missing)
        found.append(thread_token("repo", mail, ""))
    assert found == [*tokens, derive_token("repo", "<root@x>")]


def test_several_of_us_in_one_conversation() -> None:
    """Whoever is answered, each goes on with its own thread: ids are per repository."""
    first = MailReferences(message_id="<root@x>")
    theirs, ours = thread_token("theirs", first, ""), thread_token("ours", first, "")
    their_answer = f"<airut.{theirs}.1.done.0@airut.test>"
    reply = MailReferences(
        message_id="<reply@x>",
        in_reply_to=(their_answer,),
        references=("<root@x>", their_answer),
        quoted=f"> airut {theirs}",
    )
    assert thread_token("theirs", reply, "", ("ours",)) == theirs
    assert thread_token("ours", reply, "", ("theirs",)) == ours
    # Without the root nothing tells whose it is: a thread of its own, here.
    bare = reply.model_copy(update={"references": (), "quoted": ""})
    assert thread_token("ours", bare, "", ("theirs",)) == theirs


@pytest.mark.parametrize(
    ("changes", "untied"),
    [
        ({"subject": "Re: Fix it"}, True),
        ({"subject": "AW: Fix it"}, True),
        ({"subject": "RE[2]: Fix it"}, True),
        ({"subject": "Sv : Fix it"}, True),
        ({"subject": "Fwd: Fix it"}, False),
        ({"subject": "Real: Fix it"}, False),
        ({"subject": "Fix it"}, False),
        ({"subject": "Re: Fix it", "in_reply_to": ("<a@x>",)}, False),
        ({"subject": "Re: Fix it", "references": ("<a@x>",)}, False),
    ],
)
def test_an_answer_without_references(changes: dict[str, object], untied: bool) -> None:
    assert is_untied(MailReferences.model_validate({"message_id": "<new@x>"} | changes)) is untied


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
