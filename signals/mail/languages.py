"""How mail clients say *wrote*, *From*, *Original Message* in the languages they speak: data for the quote cutter."""

import re

_WROTE = (
    r"wrote|writes|schrieb|écrit|escribió|escribio|ha scritto|scritto|escreveu|schreef|skrev|kirjoitti"
    r"|napisał(?:\(a\)|a)?|pisze|napsal(?:\(a\)|a)?|написал(?:\(а\)|а)?|пишет|пише|написав|yazdı|írta|a scris|έγραψε"
    r"|写道|寫道|のメール|書きました|作成しました|작성|כתב"
)
_FROM = (
    "From|Von|De|Da|Van|Från|Fra|Lähettäjä|Od|От|Від|Kimden|Gönderen|差出人|发件人|寄件者"
    "|보낸 사람|Feladó|De la|Από|מאת"
)
_SENT = (
    "Sent|Date|Gesendet|Datum|Envoyé|Date d'envoi|Enviado|Enviado el|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Dato"
    "|Lähetetty|Päivämäärä|Wysłano|Odesláno|Отправлено|Дата|Надіслано|Gönderildi|Gönderilme|Tarih|送信日時|日付|发送时间"
    "|日期|寄件日期|已傳送|보낸 날짜|날짜|Elküldve|Dátum|Trimis|Στάλθηκε|Ημερομηνία|נשלח"
)
_TO = (
    "To|An|À|Para|A|Aan|Till|Til|Vastaanottaja|Do|Komu|Кому|Kime|Alıcı|宛先|收件人|收件者"
    "|받는 사람|Címzett|Către|Προς|אל"
)
_SUBJECT = (
    "Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Aihe|Temat|Předmět|Тема|Konu|件名|主题|主旨|主題"
    "|제목|Tárgy|Subiect|Θέμα|נושא"
)
_ORIGINAL = (
    "Original Message|Ursprüngliche Nachricht|Message d'origine|Message original|Mensaje original|Messaggio originale"
    "|Mensagem original|Oorspronkelijk bericht|Ursprungligt meddelande|Originalmeddelande|Oprindelig meddelelse"
    "|Opprinnelig melding|Alkuperäinen viesti|Oryginalna wiadomość|Wiadomość oryginalna|Původní zpráva"
    "|Исходное сообщение|Orijinal Mesaj|Özgün ileti|元のメッセージ|原始邮件|邮件原件|原始郵件|원본 메시지"
    "|Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado"
    "|Messaggio inoltrato|Mensagem encaminhada|Doorgestuurd bericht|Vidarebefordrat meddelande"
)
_DEVICE = (
    "Sent from|Sent with|Sent via|Get \\[?Outlook for|Von meinem|Gesendet von|Gesendet mit|Envoyé de|Envoyé depuis"
    "|Enviado desde|Enviado do|Inviato da|Verzonden vanaf|Verstuurd vanaf|Skickat från|Sendt fra|Lähetetty|Wysłane z"
    "|Odesláno z|Отправлено с|Outlook für|Obtenir Outlook|Obtener Outlook|Holen Sie sich Outlook"
    "|iPhone'umdan gönderildi|iPhoneから送信|发自我的|從我的"
)


def _label(words: str) -> re.Pattern[str]:
    """`From: x`, `**From:** x`, `*From*: x` at the start of a line."""
    return re.compile(rf"[ \t]*[*_]{{0,2}}(?:{words})[*_]{{0,2}}[ \u00a0]?[:：][*_]{{0,2}}(?:\s|$)", re.IGNORECASE)


# Ends with the verb (`On … wrote:`) or has it before the name (`Am … schrieb …:`), and names a date or an address.
ATTRIBUTION = re.compile(
    rf"(?=.*[\d@])(?:.*[\W\d])?(?:{_WROTE})(?:\W.{{0,200}})?[:：]\W{{0,3}}$"
    # Without a verb: Gmail in Japanese, Russian, Hebrew; FairEmail; Tuta (`2 Mar 2026, 09:00 by bob@x.org:`); Mutt.
    r"|.*(?:19|20)\d{2}.*[\s<‪][^\s<>@]+@[^\s<>@]+\W*[:：]\W*$"
    r"|.*<[^\s<>@]+@[^\s<>@]+>.{0,60}(?:19|20)\d{2}.{0,30}[:：]$",
    re.IGNORECASE | re.DOTALL,
)
# How such a line begins; by it the whole of a wrapped one is found.
ATTRIBUTION_START = re.compile(
    r"\s*[*_]{0,2}(?:On|At|Am|Le|El|Il|Em|Op|Den|På|Dne|Dnia|W dniu|Pe|În|В|Στις|A|\d{4}|\d{1,2}[./])\W?",
    re.IGNORECASE,
)
FROM_LINE = _label(_FROM)
OTHER_LINES = (_label(_SENT), _label(_TO), _label(_SUBJECT))
# With dashes around it, or Apple's `Begin forwarded message:` without; Zoho's `---- On … wrote ----`.
SEPARATOR = re.compile(
    rf"\W*(?:[-_*]{{2,}}\s*(?:{_ORIGINAL})\s*[:：]?\s*(?:[-_*]{{2,}}\W*)?|Begin forwarded message\s*:\W*"
    rf"|-{{3,}}\s[^\n]{{1,300}}\s(?:{_WROTE})\s*-{{3,}}\W*)$",
    re.IGNORECASE,
)
UNDERSCORES = re.compile(r"\s*(?:\\?_){20,}\s*$")
DEVICE_SIGNATURE = re.compile(rf"[\s*_\[]*(?:{_DEVICE})\b.{{0,120}}$", re.IGNORECASE)
# Words that send the reader into the quote: answers written there, often in a colour, look like what is quoted.
POINTS_BELOW = re.compile(
    r"\b(?:below|in-?line|inserted|interleaved|unten|nachfolgend|eingefügt|ci-dessous|plus bas|abajo|más abajo"
    r"|qui sotto|di seguito|abaixo|hieronder|nedan|nedenfor|poniżej|níže|ниже|aşağıda"
    r"|in (?:red|blue|green|bold|colou?r|italics)|in (?:rot|blau|grün|fett)|en (?:rouge|bleu|vert|gras)"
    r"|en (?:rojo|azul|verde|negrita)|in (?:rosso|blu|verde)|em (?:vermelho|azul|verde))\b",
    re.IGNORECASE,
)
