"""What each mail client writes around an earlier message, in HTML and plain text."""

import pytest

from signals.mail.charset import unflow
from signals.mail.html import html_to_markdown
from signals.mail.quotes import CUT_MARK, compose_body, split_marked, split_plain

GMAIL = (
    '<div dir="ltr">{words}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
    'On Mon, Mar 2, 2026 at 9:00 AM Bob &lt;<a href="mailto:bob@example.org">bob@example.org</a>&gt; wrote:<br></div>'
    '<blockquote class="gmail_quote" style="margin:0"><div>the old text</div></blockquote></div>'
)
OUTLOOK_WEB = (
    '<html><body><div class="elementToProof">{words}</div><div id="appendonsend"></div>'
    '<hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Bob<br>'
    "<b>Sent:</b> Monday<br><b>To:</b> Alice<br><b>Subject:</b> x</div><div>the old text</div></body></html>"
)
OUTLOOK_DESKTOP = (
    "<div class=WordSection1><p class=MsoNormal>{words}<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
    "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>"
    "<b><span>Von:</span></b> Bob<br><b>Gesendet:</b> Montag<br><b>An:</b> Alice<br><b>Betreff:</b> x</p></div>"
    "<p class=MsoNormal>the old text</p></div>"
)
OUTLOOK_MOBILE = (
    '<div>{words}</div><div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/o">Outlook for iOS</a></div>'
    '<hr><div id="mail-editor-reference-message-container"><div>From: Bob</div><div>the old text</div></div>'
)
FORWARDED_OUTLOOK = '<div>{words}</div><div id="x_x_divRplyFwdMsg">From: Bob</div><div>the old text</div>'
APPLE = (
    '<html><body>{words}<br><div><br><blockquote type="cite"><div>On 2 Mar 2026, at 09:00, Bob &lt;bob@x.org&gt; wrote:'
    '</div><br class="Apple-interchange-newline"><div>the old text</div></blockquote></div><br></body></html>'
)
THUNDERBIRD = (
    '<p>{words}</p><div class="moz-cite-prefix">On 3/2/26 09:00, Bob wrote:<br></div>'
    '<blockquote type="cite" cite="mid:x"><p>the old text</p></blockquote>'
    '<pre class="moz-signature" cols="72">-- \nAlice</pre>'
)
YAHOO = '<div>{words}</div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>On Monday: </div>the old text</div>'
PROTON = (
    '<div>{words}</div><div class="protonmail_signature_block">Sent with Proton</div>'
    '<div class="protonmail_quote">On Monday, Bob wrote:<blockquote type="cite">the old text</blockquote></div>'
)
ZOHO = '<div>{words}</div><blockquote id="blockquote_zmail">the old text</blockquote>'
GMX = '<div>{words}</div><div name="quote" style="margin:10px"><div><b>Gesendet:</b> x</div>the old text</div>'
FAIREMAIL = '<p>{words}</p><div class="fairemail_quote"><p>On Monday</p><blockquote>the old text</blockquote></div>'

HTML_CLIENTS = {name.lower(): value for name, value in list(globals().items()) if name.isupper() and "{" in str(value)}

PLAIN_CLIENTS = {
    "gmail": "{words}\n\nOn Mon, Mar 2, 2026 at 9:00 AM Bob <bob@example.org>\nwrote:\n\n> the old text\n> more\n",
    "thunderbird_de": "{words}\n\nAm 02.03.26 um 09:00 schrieb Bob:\n> the old text\n\n-- \nAlice\n",
    "apple_fr": "{words}\n\n> Le 2 mars 2026 à 09:00, Bob <b@x.org> a écrit :\n> \n> the old text\n",
    "gmail_ja": "{words}\n\n2026年3月2日(月) 9:00 Bob <bob@example.org>:\n\n> the old text\n",
    "mutt": "{words}\n\nOn 2026-03-02 09:00, Bob wrote:\n> the old text\n> > older\n",
    "outlook": "{words}\n\n_________________________\nFrom: Bob\nSent: Monday\nTo: Alice\nSubject: x\n\nthe old text",
    "outlook_es": "{words}\n\nDe: Bob\nEnviado el: lunes\nPara: Alice\nAsunto: x\n\nthe old text",
    "original": "{words}\n\n-----Original Message-----\nFrom: Bob\nSent: x\n\nthe old text",
    "urspruengliche": "{words}\n\n-----Ursprüngliche Nachricht-----\nVon: Bob\n\nthe old text",
    "forwarded": "{words}\n\n---------- Forwarded message ---------\nFrom: Bob\n\nthe old text",
    "iphone": "{words}\n\nSent from my iPhone\n\n> On 2 Mar 2026, at 09:00, Bob wrote:\n> \n> the old text\n",
}


@pytest.mark.parametrize("name", HTML_CLIENTS)
def test_html_reply_above_a_quote(name: str) -> None:
    body = compose_body(split_marked(html_to_markdown(HTML_CLIENTS[name].replace("{words}", "Please fix it"))))
    assert body.cut == f"Please fix it\n\n{CUT_MARK}"
    assert "the old text" in body.uncut
    assert "the old text" in body.quoted


@pytest.mark.parametrize("name", HTML_CLIENTS)
def test_html_with_nothing_but_a_quote_stays_whole(name: str) -> None:
    body = compose_body(split_marked(html_to_markdown(HTML_CLIENTS[name].replace("{words}", ""))))
    assert body.cut == body.uncut
    assert "> the old text" in body.cut


@pytest.mark.parametrize("name", PLAIN_CLIENTS)
def test_plain_reply_above_a_quote(name: str) -> None:
    body = compose_body(split_plain(PLAIN_CLIENTS[name].replace("{words}", "Please fix it")))
    assert body.cut == f"Please fix it\n\n{CUT_MARK}"
    assert "the old text" in body.uncut
    assert "\nPlease" not in body.quoted


@pytest.mark.parametrize("name", [name for name in HTML_CLIENTS if name in ("gmail", "apple", "thunderbird", "zoho")])
def test_words_below_a_quote_keep_it(name: str) -> None:
    html = HTML_CLIENTS[name].replace("{words}", "") + "<p>my answer</p>"
    body = compose_body(split_marked(html_to_markdown(html)))
    assert body.cut == body.uncut
    assert body.cut.endswith("> the old text\n\nmy answer") or "> the old text" in body.cut.partition("my answer")[0]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("> one\n\nyes\n\n> two\n\nno", "> one\n\nyes\n\n> two\n\nno"),
        ("> one\n\nyes\n\n> two\n", f"> one\n\nyes\n\n{CUT_MARK}"),
        ("> one\n\n> two\n\nboth", "> one\n>\n> two\n\nboth"),
        ("On Monday she wrote: ship it", "On Monday she wrote: ship it"),
        ("On 2026-03-02 Bob wrote:\n\nship it", "On 2026-03-02 Bob wrote:\n\nship it"),
        ("yes\n\n-- \nAlice\nExample Ltd", "yes"),
        ("yes\n\nSent from my iPhone", "yes"),
        ("yes\n--\nno", "yes"),
        ("From: here\nTo: there", "From: here\nTo: there"),
        ("", ""),
        ("> only a quote", "> only a quote"),
    ],
)
def test_plain(text: str, cut: str) -> None:
    assert compose_body(split_plain(text)).cut == cut


@pytest.mark.parametrize(
    ("words", "cut"),
    [
        ("See my answers below.", False),
        ("Answers inline, in red:", False),
        ("Antworten siehe unten.", False),
        ("Mes réponses ci-dessous, en bleu.", False),
        ("Odpowiedzi poniżej.", False),
        ("Yes, do it.", True),
        ("The belowdeck is fine.", True),
        ("Put it below the table. " + "And more. " * 40, True),
    ],
)
def test_a_quote_that_the_words_point_to_stays(words: str, cut: bool) -> None:
    body = compose_body(split_plain(PLAIN_CLIENTS["outlook"].replace("{words}", words)))
    assert (body.cut != body.uncut) is cut
    assert body.own == words.strip()


def test_an_ordinary_blockquote_is_content() -> None:
    body = compose_body(split_marked(html_to_markdown("<p>The spec says</p><blockquote>must</blockquote>")))
    assert body.cut == body.uncut == "The spec says\n\n> must"


def test_nested_clients_are_cut_at_the_outermost_mark() -> None:
    inner = OUTLOOK_WEB.replace("{words}", "second").replace("<html><body>", "").replace("</body></html>", "")
    outer = GMAIL.replace("{words}", "third").replace("the old text", inner)
    assert compose_body(split_marked(html_to_markdown(outer))).cut == f"third\n\n{CUT_MARK}"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        ("On 1 " * 50 + "\n") * 2000 + "> x" * 1000 + "\n" + "_" * 5000,
        "_" * 1_000_000,
        "> a\nb\n" * 50_000,
        "From: a\n" * 50_000,
        "-- \n" * 50_000,
        "On 1 " * 200_000 + "\n> x",
    ],
    ids=["attributions", "a rule", "many quotes", "many headers", "many signatures", "one line"],
)
def test_what_is_made_to_be_slow(text: str) -> None:
    """Nothing may look at the rest of a mail again for each of its lines."""
    assert compose_body(split_plain(text)).cut


@pytest.mark.timeout(20)
def test_a_paragraph_of_many_lines() -> None:
    assert unflow("a \n" * 200_000, delete_space=True) == "a" * 200_000
