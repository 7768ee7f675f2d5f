"""Outlook's header block above an earlier message, in the languages that it speaks."""

import pytest

from signals.mail.html import html_to_markdown
from signals.mail.quotes import CUT_MARK, compose_body, split_marked, split_plain

BLOCKS = {
    "en": ("From", "Sent", "To", "Subject"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "fr": ("De", "Envoyé", "À", "Objet"),
    "es": ("De", "Enviado el", "Para", "Asunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "pt": ("De", "Enviada em", "Para", "Assunto"),
    "pt_br": ("De", "Enviado", "Para", "Assunto"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "sv": ("Från", "Skickat", "Till", "Ämne"),
    "da": ("Fra", "Sendt", "Til", "Emne"),
    "no": ("Fra", "Sendt", "Til", "Emne"),
    "fi": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    "pl": ("Od", "Wysłano", "Do", "Temat"),
    "cs": ("Od", "Odesláno", "Komu", "Předmět"),
    "ru": ("От", "Отправлено", "Кому", "Тема"),
    "uk": ("Від", "Надіслано", "Кому", "Тема"),
    "tr": ("Gönderen", "Gönderildi", "Kime", "Konu"),
    "tr_old": ("Kimden", "Gönderilme", "Kime", "Konu"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
    "zh": ("发件人", "发送时间", "收件人", "主题"),
    "zh_tw": ("寄件者", "寄件日期", "收件者", "主旨"),
    "ko": ("보낸 사람", "보낸 날짜", "받는 사람", "제목"),
    "hu": ("Feladó", "Elküldve", "Címzett", "Tárgy"),
    "ro": ("De la", "Trimis", "Către", "Subiect"),
    "el": ("Από", "Στάλθηκε", "Προς", "Θέμα"),
    "he": ("מאת", "נשלח", "אל", "נושא"),
}
VALUES = ("Airut <agent@airut.test>", "2026-03-02 09:00", "Ann <ann@example.org>", "Re: Fix it")


@pytest.mark.parametrize("rule", ["", "_" * 32 + "\n"], ids=["bare", "rule"])
@pytest.mark.parametrize("language", BLOCKS)
def test_plain(language: str, rule: str) -> None:
    block = "".join(f"{label}: {value}\n" for label, value in zip(BLOCKS[language], VALUES, strict=True))
    body = compose_body(split_plain(f"My words\n\n{rule}{block}\nold words\n"))
    assert (body.cut, body.own) == (f"My words\n\n{CUT_MARK}", "My words")


@pytest.mark.parametrize("colon", [":", "\u00a0:"], ids=["close", "apart"])
@pytest.mark.parametrize("language", BLOCKS)
def test_html(language: str, colon: str) -> None:
    """A line that is drawn is only a style: the block is told by its words."""
    lines = "<br>".join(
        f"<b>{label}{colon}</b> {value.replace('<', '&lt;')}"
        for label, value in zip(BLOCKS[language], VALUES, strict=True)
    )
    html = f"<p class=MsoNormal>My words</p><div style='border-top:solid #E1E1E1 1.0pt'><p>{lines}</p></div><p>old</p>"
    body = compose_body(split_marked(html_to_markdown(html)))
    assert (body.cut, body.own) == (f"My words\n\n{CUT_MARK}", "My words")


@pytest.mark.parametrize(
    "text",
    [
        "From: the parser\nTo: the printer\n\nis what I mean",
        "To: me\nSubject: x\nDate: y",
        "From: a.csv\n\nSubject: is missing\n",
        "Von: hier\nbis dort",
    ],
)
def test_what_only_looks_like_one_is_text(text: str) -> None:
    body = compose_body(split_plain(text))
    assert (body.cut, body.quoted) == (text.strip(), "")
