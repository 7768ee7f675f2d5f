"""Whole mails of somebody who may write, HTML, and signed mails that were changed."""

import asyncio
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from airut.adapters.mail_render import Sender, render
from airut.models.mail.settings import EmailChannel
from airut.models.tasks.reply import Outbound, ReplyKind
from airut.ports.mailbox import FetchedMail
from signals.mail.auth import ReceivedMail, authenticate
from signals.mail.header import MalformedHeader, parse_header_block
from signals.mail.html import html_to_markdown
from signals.mail.message import draft_message
from signals.mail.quotes import compose_body, split_marked
from signals.mail.verdict import Verified
from tests.support.dkim_signing import mail, rsa_key, signed

_CORPUS = Path(__file__).parents[1] / "signals" / "mail" / "corpus"
MESSAGES = tuple(path.read_bytes() for path in sorted(_CORPUS.glob("*.eml"))[::6])
HTML = tuple(raw.partition(b"\n\n")[2] for raw in MESSAGES if b"text/html" in raw)
_KEY = rsa_key(1024)
SIGNED = (signed(mail(), _KEY), signed(mail(), _KEY, canonical="simple/simple"), signed(mail(body="x\r\n" * 9), _KEY))
WORDS = (
    b"Content-Type: ", b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b", b"\n--b\n", b"\n--b--\n",
    b"text/html", b"message/rfc822", b"; charset=utf-7", b"; name=", b"=?utf-8?q?=0D=0A?=", b"filename*0*=utf-8''%0d",
    b"Content-Transfer-Encoding: base64\n", b"Content-ID: <a@b>\n", b"To: ", b"Cc: ", b"Reply-To: victim@example.net\n",
    b"In-Reply-To: <airut.abcdefghij234567.1.done.0@x>\n", b"References: ", b"<a@b>", b"airut abcdefghij234567",
    b"[airut abcdefghij234567]", b"\nOn 1 Mar 2026, Bob wrote:\n", b"\n> ", b"\n-- \n", b"\r", b"\0", b"\xee\x80\x80",
    b"<blockquote type=cite>", b"<div class=gmail_quote>", b"</div>", b"<table><tr><td>", b"<p class=MsoListParagraph>",
    b"<img src=cid:a@b>", b"<!--", b"-->", b"<pre>", b"&#xe000;", b"<ol start=9>", b"<li>", b"<br>", b"<b>", b"<a href=",
    b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=; b=\r\n", b"; l=1", b"; x=1", b"From: ",
)  # fmt: skip
_MARKS = re.compile("[\ue000-\ue003]")
_NOW = datetime.now(UTC)
_CHANNEL = EmailChannel.model_validate(
    {
        "account": {"username": "agent", "password": "x", "from": "agent@airut.test"},
        "imap": {"host": "imap.test"},
        "smtp": {"host": "smtp.test"},
        "auth": {"mode": "verify", "authorized_senders": ("*@example.org",)},
    }
)
_ZONE = {"s._domainkey.example.org": (_KEY.record,), "_dmarc.example.org": (b"v=DMARC1; p=none",)}


def message(data: bytes) -> None:
    """Whatever a known sender writes: a text without marks, safe names, and an answer to himself alone."""
    try:
        header = parse_header_block(data)
    except MalformedHeader:
        return
    fetched = FetchedMail(uid=1, size=len(data), internal_date=_NOW, content=data, whole=True)
    found = draft_message(fetched, header, Verified(address="ann@example.org"), "repo", _CHANNEL)
    for text in (found.text, found.uncut, found.subject, *found.notes):
        assert not _MARKS.search(text)
        assert "\0" not in text
        text.encode()
    assert all("/" not in each.name and each.name.isprintable() and each.name[0] != "." for each in found.files)
    assert len({each.name.casefold() for each in found.files}) == len(found.files)
    answer = Outbound(
        key="k",
        repo="repo",
        thread=found.thread,
        task=1,
        kind=ReplyKind.ANSWER,
        at=_NOW,
        markdown=found.text,
        footer=(),
        routes=(found.route,),
        participants=found.participants,
    )
    sent = render(answer, Sender("agent@airut.test", (), "x"), _NOW, {})
    assert sent.to == ("ann@example.org",)
    assert all(address.endswith("@example.org") for address in sent.cc)
    read = message_from_bytes(sent.content, policy=default)
    assert {"Bcc", "Reply-To", "Sender"}.isdisjoint(read.keys())
    assert len(read.keys()) == len(set(read.keys()))


def html(data: bytes) -> None:
    """Any HTML becomes a text, cut or whole, without a mark of ours."""
    body = compose_body(split_marked(html_to_markdown(data.decode("utf-8", "replace").replace("\ue000", ""))))
    assert not _MARKS.search(body.cut + body.uncut + body.quoted + body.own)


class _Zone:
    async def txt(self, name: str) -> tuple[bytes, ...]:
        return _ZONE.get(name, ())


def signature(data: bytes) -> None:
    """A changed mail is believed only where what was signed is as it was."""
    try:
        header = parse_header_block(data)
    except MalformedHeader:
        return
    received = ReceivedMail(raw=data, header=header, internal_date=_NOW)
    verdict = asyncio.run(authenticate(received, _CHANNEL.auth, _Zone()))
    if not isinstance(verdict, Verified):
        return
    assert verdict.address == "alice@example.org"
    seen = {(_squeezed(header.first("subject") or ""), _squeezed(data.partition(b"\r\n\r\n")[2].decode("latin-1")))}
    assert seen <= {("Fix it", "Please."), ("Fix it", " ".join("x" * 9))}


def _squeezed(text: str) -> str:
    return " ".join(text.split())
