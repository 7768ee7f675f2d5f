"""Where mail clients mark quotes and signatures in HTML: they become marks of `quotes` around the elements."""

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from signals.mail.html_inline import attribute, is_dropped
from signals.mail.languages import ATTRIBUTION
from signals.mail.quotes import MAX_ATTRIBUTION, QUOTE_BEGIN, QUOTE_END, SIGNATURE_BEGIN, SIGNATURE_END

MAX_BESIDE = 200
"""Marks beside other elements than a `div`: more signatures and headings of quotes are in no mail."""

# Outlook rewrites ids and classes of mails that pass through it to `x_…`, once for each pass.
_PREFIX = re.compile(r"^(?:x_)+")
_REST_IDS = {"appendonsend", "divrplyfwdmsg"}
_QUOTE_IDS = {"mail-editor-reference-message-container", "blockquote_zmail", "reply-intro", "zmail_extra"}
_QUOTE_CLASSES = {
    "gmail_quote",
    "gmail_quote_container",
    "gmail_attr",
    "yahoo_quoted",
    "ms-outlook-mobile-reference-message",
    "moz-cite-prefix",
    "moz-forward-container",
    "protonmail_quote",
    "fairemail_quote",
    "zmail_extra",
    "tutanota_quote",
}
# Whoever answers between the lines writes within these, beside the `blockquote`s in them.
_OPEN_QUOTES = {"gmail_quote", "gmail_quote_container", "protonmail_quote", "fairemail_quote"}
_SIGNATURES = {
    "gmail_signature",
    "gmail_signature_prefix",
    "ms-outlook-mobile-signature",
    "moz-signature",
    "applemailsignature",
    "protonmail_signature_block",
    "fairemail_signature",
    "composer_signature",
}
_SIGNATURE_IDS = {"signature", "zm-_id_-sgn"}


def mark_regions(soup: BeautifulSoup) -> None:
    """Put marks around the outermost quotes and signatures. A marked `blockquote` becomes a `div`: the quote cutter
    writes its `> ` itself."""
    marked: set[int] = set()
    beside = 0
    for element in soup.find_all(True):
        if id(element.parent) in marked or is_dropped(element):
            marked.add(id(element))  # parents come first, so that one look up is enough however deep it is
            continue
        if beside > MAX_BESIDE:
            return
        if _quotes_the_rest(element):
            element.insert_before(NavigableString(QUOTE_BEGIN))
            return  # all that follows, whatever it is
        if quote := _first_of_several(element):
            marked |= {id(each) for each in (*quote.previous_siblings, quote)}
            quote.name = "div"
            element.insert(0, NavigableString(QUOTE_BEGIN))
            quote.insert_after(NavigableString(QUOTE_END))
            continue  # what follows it is looked at by itself
        if _is_quote(element):
            beside += _surround(element, QUOTE_BEGIN, QUOTE_END)
        elif _is_signature(element):
            beside += _surround(element, SIGNATURE_BEGIN, SIGNATURE_END)
        else:
            continue
        marked.add(id(element))


def _surround(element: Tag, begin: str, end: str) -> bool:
    """Put the marks inside where that is the same; else beside, and say so: it costs a look at each sibling."""
    if element.name in ("blockquote", "div"):
        element.name = "div"
        element.insert(0, NavigableString(begin))
        element.append(NavigableString(end))
        return False
    element.insert_before(NavigableString(begin))
    element.insert_after(NavigableString(end))
    return True


def _quotes_the_rest(element: Tag) -> bool:
    return _plain(attribute(element, "id")) in _REST_IDS


def _is_quote(element: Tag) -> bool:
    if element.name == "blockquote" and attribute(element, "type").lower() == "cite":
        return True
    identifier = _plain(attribute(element, "id"))
    if identifier in _QUOTE_IDS or "yahoo_quoted" in identifier:
        return True
    if element.name == "div" and attribute(element, "name").lower() == "quote":
        return True
    return bool(_names(element) & _QUOTE_CLASSES)


def _first_of_several(element: Tag) -> Tag | None:
    """The `blockquote` that an attribution introduces, in a frame that may hold more of them and answers between."""
    if element.name != "div" or not _names(element) & _OPEN_QUOTES:
        return None
    quote = element.find("blockquote", recursive=False)
    if not isinstance(quote, Tag):
        return None
    above = "".join(each.get_text() for each in reversed(list(quote.previous_siblings)))
    return quote if len(above) <= MAX_ATTRIBUTION and ATTRIBUTION.match(" ".join(above.split())) else None


def _is_signature(element: Tag) -> bool:
    return bool(_names(element) & _SIGNATURES) or _plain(attribute(element, "id")) in _SIGNATURE_IDS


def _names(element: Tag) -> set[str]:
    return {_plain(name) for name in (*attribute(element, "class").split(), attribute(element, "id"))}


def _plain(name: str) -> str:
    return _PREFIX.sub("", name.strip().lower())
