"""From a mail of a known sender to what its thread is given."""

import hashlib
from datetime import UTC, datetime

import pytest

from airut.models.mail.message_id import derive_token
from airut.models.mail.settings import EmailChannel
from airut.models.threads.command import CommandName, CommandWord
from airut.models.threads.message import Hints, MailRoute
from airut.ports.mailbox import FetchedMail
from signals.mail.header import parse_header_block
from signals.mail.message import EXCERPT, Draft, draft_message
from signals.mail.verdict import Verified
from signals.routing import message_key

ARRIVED = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOKEN = "abcdefghij234567"
CHANNEL = {
    "account": {
        "username": "agent",
        "password": "x",
        "from": "Airut <agent@airut.test>",
        "aliases": ("bot@airut.test",),
    },
    "imap": {"host": "imap.test"},
    "smtp": {"host": "smtp.test"},
    "auth": {"trusted_authserv_id": ("mx.test",), "authorized_senders": ("*@example.org",)},
}


def channel(**limits: object) -> EmailChannel:
    return EmailChannel.model_validate(CHANNEL | {"limits": limits})


def mail(text: str = "Please.", *more: bytes, **fields: str) -> bytes:
    """A mail of Alice's. `fields` replace what would be there; an empty one is left out. `more` are further parts."""
    values = {
        "From": "Alice <alice@example.org>",
        "To": "agent@airut.test",
        "Subject": "Fix it",
        "Date": "Mon, 2 Mar 2026 08:59:00 +0000",
        "Message-ID": "<1@example.org>",
        "Content-Type": "multipart/mixed; boundary=b" if more else "text/plain; charset=utf-8",
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in values.items() if value).encode() + b"\r\n"
    if not more:
        return head + text.encode()
    parts = (b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode(), *more)
    return head + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def file(name: str, size: int) -> bytes:
    return f"Content-Type: application/pdf; name={name}\r\n\r\n".encode() + b"x" * size


def draft(
    raw: bytes, *, whole: bool = True, proven: bool = True, neighbours: tuple[str, ...] = (), **limits: object
) -> Draft:
    fetched = FetchedMail(uid=1, size=len(raw), internal_date=ARRIVED, content=raw, whole=whole)
    sender = Verified(address="alice@example.org", message_id_proven=proven)
    return draft_message(fetched, parse_header_block(raw), sender, "repo", channel(**limits), neighbours)


def test_a_first_mail() -> None:
    raw = mail(To="Airut <agent@airut.test>, Bob <bob@example.org>", Cc="eve@evil.org", Reply_To="eve@evil.org")
    token = derive_token("repo", "<1@example.org>")
    found = draft(raw)
    assert found == found.model_copy(
        update={
            "key": message_key("<1@example.org>", "alice@example.org", (), b""),
            "thread": f"repo/mail/{token}",
            "sender": "alice@example.org",
            "participants": ("alice@example.org", "bob@example.org"),
            "sent_at": datetime(2026, 3, 2, 8, 59, tzinfo=UTC),
            "received_at": ARRIVED,
            "subject": "Fix it",
            "text": "Please.",
            "uncut": "Please.",
            "files": (),
            "notes": (),
            "command": None,
            "route": MailRoute(
                token=token,
                message_id="<1@example.org>",
                sender="alice@example.org",
                to=("agent@airut.test", "bob@example.org"),
                cc=("eve@evil.org",),
                subject="Fix it",
            ),
        }
    )


@pytest.mark.parametrize(
    ("other", "proven", "same"),
    [
        (mail(), True, True),
        (mail("Another text.", Subject="Another"), True, True),
        (mail(Message_ID="<2@example.org>"), True, False),
        # Without an id that can be relied on, the content counts: a replay under a new one is the same message.
        (mail(Message_ID="<2@example.org>"), False, True),
        (mail(Message_ID=""), False, True),
        (mail().replace(b"\r\n", b"\n"), False, True),
        (mail("Another text."), False, False),
        (mail(Subject="Another"), False, False),
        (mail(Date="Mon, 2 Mar 2026 09:00:00 +0000"), False, False),
        (mail(Message_ID="no id at all"), False, True),
    ],
)
def test_when_two_deliveries_are_one_message(other: bytes, proven: bool, same: bool) -> None:
    assert (draft(mail(), proven=proven).key == draft(other, proven=proven).key) is same


def test_without_a_message_id_the_content_makes_thread_and_key() -> None:
    first, again, other = (draft(mail(text, Message_ID="")) for text in ("a", "a", "b"))
    assert (first.key, first.thread) == (again.key, again.thread)
    assert first.key != other.key
    assert first.thread != other.thread


@pytest.mark.parametrize(
    ("fields", "token"),
    [
        ({"In_Reply_To": f"<airut.{TOKEN}.1.done.0@airut.test>"}, TOKEN),
        ({"References": f"<root@x> <airut.{TOKEN}.1.done.0@airut.test>"}, TOKEN),
        ({"To": f"Airut <agent+t-{TOKEN}@airut.test>"}, TOKEN),
        ({"Delivered_To": f"agent+t-{TOKEN}@airut.test"}, TOKEN),
        ({"X_Original_To": f"agent+t-{TOKEN}@airut.test"}, TOKEN),
        ({"Subject": f"Re: =?utf-8?q?Fix_=5Bairut_{TOKEN}=5D?="}, TOKEN),
        ({"References": "<root@x> <two@x>"}, derive_token("repo", "<root@x>")),
        ({"In_Reply_To": "<two@x>"}, derive_token("repo", "<two@x>")),
        ({}, derive_token("repo", "<1@example.org>")),
    ],
)
def test_thread(fields: dict[str, str], token: str) -> None:
    found = draft(mail(**fields))
    assert (found.thread, found.route.token) == (f"repo/mail/{token}", token)


def test_our_footer_counts_in_the_quoted_part_alone() -> None:
    quoted = f"Yes.\r\n\r\nOn 2 Mar 2026, Airut wrote:\r\n> Done.\r\n> airut {TOKEN}\r\n"
    assert draft(mail(quoted)).route.token == TOKEN
    assert draft(mail(f"Yes.\r\n\r\nairut {TOKEN}\r\n")).route.token == derive_token("repo", "<1@example.org>")


def test_an_answer_to_a_neighbour_goes_on_with_our_thread() -> None:
    theirs = f"<airut.{derive_token('docs', '<root@x>')}.1.done.0@airut.test>"
    raw = mail(In_Reply_To=theirs, References=f"<root@x> {theirs}")
    assert draft(raw, neighbours=("docs",)).route.token == derive_token("repo", "<root@x>")


def test_a_long_text_goes_along_as_a_file() -> None:
    text = "word " * 5000
    found = draft(mail(text), text=20_001)
    name = f"message-{found.key[:8]}.txt"
    assert found.text == text[:EXCERPT] + f"\n\n[cut here; the whole text is in this file:]\n[file: {name}]"
    assert [(each.name, each.media_type, each.content) for each in found.files] == [
        (name, "text/plain", text.strip().encode())
    ]
    assert draft(mail("x" * 20_000), text=20_000).files == ()


def test_what_is_left_out_is_known_to_agent_and_author() -> None:
    found = draft(
        mail("Look.", file("a.pdf", 10), file("big.pdf", 5000), file("c.pdf", 10)), attachment=1000, attachments=2
    )
    note = found.notes[0]
    assert note.startswith("the file big.pdf was left out: it has 4 KiB")
    assert (found.text, found.notes) == (f"Look.\n\n[{note}]", (note,))
    assert [each.name for each in found.files] == ["a.pdf", "c.pdf"]
    assert draft(mail("", file("big.pdf", 5000)), attachment=1000).text == f"[{note}]"


def said(words: str) -> CommandWord:
    return CommandWord(name=CommandName.HELP, said=words)


ENCRYPTED = b"Content-Type: multipart/encrypted; boundary=e\r\n\r\n--e\r\n\r\nVersion: 1\r\n--e--\r\n"


@pytest.mark.parametrize(
    ("found", "command"),
    [
        (
            draft(mail("x" * 5000), whole=False, message=1024),
            said(
                "Your mail has 5 KiB, the limit is 1 KiB, so that only its header was read; send a link or fewer files."
            ),
        ),
        (draft(mail("", ENCRYPTED)), said("Nothing was done with your mail: encrypted mail cannot be read here.")),
        (
            draft(mail("", b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx")),
            said(
                "Nothing was done with your mail: the mail is in Outlook's own format (winmail.dat); send it as HTML or "
                "plain text."
            ),
        ),
        (
            draft(mail("", *[b"\r\n\r\nx"] * 501)),
            said("Nothing was done with your mail: the mail's structure is too complex to be read."),
        ),
        (draft(mail("Stop.")), CommandWord(name=CommandName.STOP)),
        (draft(mail("", Subject="Fix it")), None),
        (draft(mail("", Subject="")), CommandWord(name=CommandName.HELP, unknown="")),
    ],
)
def test_what_is_answered_and_no_task(found: Draft, command: CommandWord | None) -> None:
    assert found.command == command


def test_what_cannot_be_read_beside_words_is_told_with_them() -> None:
    found = draft(mail("What is this?", ENCRYPTED))
    note = "encrypted mail cannot be read here"
    assert (found.text, found.notes, found.command) == (f"What is this?\n\n[{note}]", (note,), None)


@pytest.mark.parametrize(
    ("fields", "text", "hints", "notes"),
    [
        ({"To": "agent+opus@airut.test"}, "Do it.", Hints(model="opus"), ()),
        ({"Cc": "bot+opus.high@airut.test"}, "Do it.", Hints(model="opus", effort="high"), ()),
        ({"Delivered_To": "agent+haiku@airut.test"}, "Do it.", Hints(model="haiku"), ()),
        ({"X_Original_To": "agent+haiku@airut.test"}, "Do it.", Hints(model="haiku"), ()),
        ({"To": "bob+opus@example.org"}, "Do it.", Hints(), ()),
        ({"To": "agent+opus@airut.test"}, "model: haiku\r\n\r\nDo it.", Hints(model="haiku"), ()),
        ({}, "effort: silly\r\nDo it.", Hints(), ("`effort: silly` was not understood and not used; allowed are low, medium, high, xhigh, max",)),
        # A quoted line is nobody's wish.
        ({}, "> model: opus\r\n\r\nDo it.", Hints(), ()),
    ],
)  # fmt: skip
def test_hints(fields: dict[str, str], text: str, hints: Hints, notes: tuple[str, ...]) -> None:
    found = draft(mail(text, **fields))
    assert (found.hinted.hints, found.notes) == (hints, notes)
    assert found.text.endswith("Do it.")


def test_dates_that_are_none() -> None:
    for date in ("", "rubbish", "Mon, 99 Mar 2026 08:59:00 +0000"):
        assert draft(mail(Date=date)).sent_at == ARRIVED
    assert draft(mail(Date="Mon, 2 Mar 2026 08:59:00")).sent_at == datetime(2026, 3, 2, 8, 59, tzinfo=UTC)


def test_the_key_is_stable() -> None:
    """Changing this makes every mail that is delivered again a new message."""
    expected = hashlib.sha256(b"id\0<1@example.org>\0alice@example.org").hexdigest()
    assert draft(mail()).key == expected
