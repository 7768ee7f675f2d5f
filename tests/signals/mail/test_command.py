"""A command stands alone, whatever a mail program puts around it."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from airut.models.threads.command import EMPTY, CommandName, CommandWord
from signals.mail.command import mail_command
from signals.mail.hints import read_hints
from signals.mail.parse import parse_mail
from signals.routing import MailReferences
from tests.signals.mail.test_quotes import HTML_CLIENTS, PLAIN_CLIENTS

STOP = CommandWord(name=CommandName.STOP)
REPLY = MailReferences(message_id="<b@x>", in_reply_to=("<airut.abcdefghij234567.1.done.0@x>",), subject="Re: Fix it")
FIRST = MailReferences(message_id="<a@x>", subject="Fix it")
PNG = b"\x89PNG" + b"0" * 40

BELOW = {  # how mail programs in each language introduce what they quote
    "en": "On Mon, 2 Mar 2026 at 09:00, Bob <bob@example.org> wrote:",
    "de": "Am 02.03.26 um 09:00 schrieb Bob:",
    "fr": "Le lun. 2 mars 2026 à 09:00, Bob <bob@example.org> a écrit :",
    "es": "El lun, 2 mar 2026 a las 9:00, Bob (<bob@example.org>) escribió:",
    "it": "Il giorno lun 2 mar 2026 alle ore 09:00 Bob <bob@example.org> ha scritto:",
    "pt": "Em seg., 2 de mar. de 2026 às 09:00, Bob <bob@example.org> escreveu:",
    "nl": "Op ma 2 mrt 2026 om 09:00 schreef Bob <bob@example.org>:",
    "sv": "Den mån 2 mars 2026 kl 09:00 skrev Bob <bob@example.org>:",
    "da": "Den man. 2. mar. 2026 kl. 09.00 skrev Bob <bob@example.org>:",
    "no": "man. 2. mars 2026 kl. 09:00 skrev Bob <bob@example.org>:",
    "fi": "ma 2. maalisk. 2026 klo 9.00 Bob (bob@example.org) kirjoitti:",
    "pl": "pon., 2 mar 2026 o 09:00 Bob <bob@example.org> napisał(a):",
    "cs": "po 2. 3. 2026 v 9:00 odesílatel Bob <bob@example.org> napsal:",
    "ru": "пн, 2 мар. 2026 г. в 09:00, Bob <bob@example.org>:",
    "ru_apple": "2 марта 2026 г., в 09:00, Bob <bob@example.org> написал(а):",
    "uk": "пн, 2 бер. 2026 р. о 09:00 Bob <bob@example.org> пише:",
    "tr": "Bob <bob@example.org>, 2 Mar 2026 Pzt, 09:00 tarihinde şunu yazdı:",
    "ja": "2026年3月2日(月) 9:00 Bob <bob@example.org>:",
    "zh": "Bob <bob@example.org> 于2026年3月2日周一 09:00写道：",
    "zh_tw": "Bob <bob@example.org> 於 2026年3月2日 週一 上午9:00寫道：",
    "ko": "2026년 3월 2일 (월) 오전 9:00, Bob <bob@example.org>님이 작성:",
    "hu": "Bob <bob@example.org> ezt írta (időpont: 2026. márc. 2., H, 9:00):",
    "ro": "Pe lun., 2 mar. 2026 la 09:00, Bob <bob@example.org> a scris:",
    "el": "Στις Δευ 2 Μαρ 2026 στις 9:00 π.μ., ο χρήστης Bob <bob@example.org> έγραψε:",
    "he": "‫בתאריך יום ב׳, 2 במרץ 2026 ב-9:00 מאת ‪Bob‬‏ <‪bob@example.org‬‏>:‬",
}

SIGNATURES = {
    "rfc3676": "-- \nAnn\nExample Ltd",
    "iphone": "Sent from my iPhone",
    "iphone_de": "Von meinem iPhone gesendet",
    "iphone_fr": "Envoyé de mon iPhone",
    "iphone_es": "Enviado desde mi iPhone",
    "iphone_ja": "iPhoneから送信",
    "outlook": "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "outlook_de": "Outlook für iOS<https://aka.ms/o0ukef> beziehen",
    "proton": "Sent with Proton Mail secure email.",
}


def plain(text: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message.set_content(text, charset="utf-8")
    return message.as_bytes()


def html(text: str, picture: bytes | None = None) -> bytes:
    message = EmailMessage(policy=SMTP)
    message.set_content("see the HTML", charset="utf-8")
    message.add_alternative(text, subtype="html", charset="utf-8")
    if picture is not None:
        message.get_payload()[1].add_related(picture, "image", "png", cid="<logo@x>", filename="logo.png")  # type: ignore[index,union-attr]
    return message.as_bytes()


def attached(raw_text: str, **fields: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message.set_content(raw_text)
    message.add_attachment(PNG, "image", "png", filename="photo.png", **fields)  # type: ignore[arg-type]
    return message.as_bytes()


def command(raw: bytes, references: MailReferences = REPLY) -> CommandWord | None:
    parsed = parse_mail(raw)
    return mail_command(parsed, read_hints(parsed.body.cut, (), ()), references)


@pytest.mark.parametrize("name", HTML_CLIENTS)
@pytest.mark.parametrize("word", ["stop", "/Stop.", "<b>STOP</b>", "stop<br><br>"])
def test_above_a_quote_in_html(name: str, word: str) -> None:
    assert command(html(HTML_CLIENTS[name].replace("{words}", word))) == STOP


@pytest.mark.parametrize("name", PLAIN_CLIENTS)
@pytest.mark.parametrize("word", ["stop", "! stop .", "*stop*"])
def test_above_a_quote_in_plain_text(name: str, word: str) -> None:
    assert command(plain(PLAIN_CLIENTS[name].replace("{words}", word))) == STOP


@pytest.mark.parametrize("language", BELOW)
def test_every_language_above_and_below_a_quote(language: str) -> None:
    quote = f"{BELOW[language]}\n\n> the old text\n> stop here\n"
    assert command(plain(f"Stop\n\n{quote}")) == STOP
    assert command(plain(f"{quote}\nStop\n")) == STOP
    assert command(plain(f"Stop it\n\n{quote}")) is None


@pytest.mark.parametrize("client", SIGNATURES)
def test_above_a_signature(client: str) -> None:
    assert command(plain(f"stop\n\n{SIGNATURES[client]}\n")) == STOP
    assert command(plain(f"stop\n\n{SIGNATURES[client]}\n\n{BELOW['en']}\n> old\n")) == STOP


def test_a_logo_in_the_signature_is_no_file_but_a_photo_is() -> None:
    logo = '<div>stop</div><div class="gmail_signature">Ann<img src="cid:logo@x"></div>'
    assert command(html(logo, PNG)) == STOP
    assert command(attached("stop")) is None
    assert command(attached("stop", cid="<f_1@x>")) is None
    assert command(attached("/stop", cid="<f_1@x>")) == STOP
    assert command(html('<div>stop<img src="cid:logo@x"></div>', PNG)) is None


@pytest.mark.parametrize(
    ("text", "references", "expected"),
    [
        ("stop using tabs", REPLY, None),
        ("model: opus\n\nretry", REPLY, None),
        ("/deploy", REPLY, CommandWord(name=CommandName.HELP, unknown="deploy")),
        ("stop", FIRST, STOP),
        ("", REPLY, EMPTY),
        (" \n\n-- \nAnn\n", REPLY, EMPTY),
        ("", FIRST, None),
        ("", MailReferences(message_id="<a@x>", subject="[airut abcdefghij234567] Fix"), EMPTY),
        ("", MailReferences(message_id="<a@x>", recipients=("airut+t-abcdefghij234567@x.org",), subject="x"), EMPTY),
        ("", MailReferences(message_id="<a@x>"), EMPTY),
        ("model: opus", REPLY, None),
    ],
)
def test_prompts_unknown_words_and_empty_mails(
    text: str, references: MailReferences, expected: CommandWord | None
) -> None:
    assert command(plain(text), references) == expected


def test_an_empty_mail_with_a_file_or_that_cannot_be_read_is_not_empty() -> None:
    encrypted = b"Content-Type: multipart/encrypted; boundary=B\r\n\r\n--B\r\n\r\nVersion: 1\r\n--B--\r\n"
    assert command(attached("")) is None
    said = "Nothing was done with your mail: encrypted mail cannot be read here."
    assert command(encrypted) == CommandWord(name=CommandName.HELP, said=said)
