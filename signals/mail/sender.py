"""The author of a mail: exactly one From field with exactly one mailbox, by the grammar of RFC 5322 §3.4."""

import re

from airut.models.mail.address import ATEXT, DOT_ATOM, BadAddress, normalized
from signals.mail.header import HeaderBlock
from signals.mail.lexer import Lexer, LexError

# A display name may hold dots (obs-phrase, RFC 5322 §4.1); real mail is full of them.
_PHRASE_WORD = re.compile(rf"(?:{ATEXT}|\.)+")
_DOMAIN = re.compile(r"[^\s()<>\[\]:;@\\,\"]+")


BadFrom = BadAddress
"""The From field does not name exactly one author."""


def author(header: HeaderBlock) -> str:
    """The address of the one author, as `normalized` has it.

    Raises:
        BadFrom: no or several From fields, or not exactly one well-formed mailbox.
    """
    fields = header.all("from")
    if len(fields) != 1:
        raise BadFrom(f"{len(fields)} From fields")
    return parse_mailbox(fields[0])


def parse_mailbox(value: str) -> str:
    """The address of a field that holds one mailbox: `addr-spec`, or `[display-name] <addr-spec>`.

    Raises:
        BadFrom: anything else: groups, lists, routes, encoded or empty addresses, control characters.
    """
    if any(not character.isprintable() and character != "\t" for character in value):
        raise BadFrom("control characters")
    lexer = Lexer(value)
    try:
        local, domain = _mailbox(lexer)
        lexer.skip_cfws()
        if not lexer.at_end:
            raise LexError(f"unexpected {lexer.peek()!r}")
    except LexError as error:
        raise BadFrom(str(error)) from error
    return normalized(local, domain)


def _mailbox(lexer: Lexer) -> tuple[str, str]:
    """Raises LexError. Tries `addr-spec` first; what is not one has a display name."""
    lexer.skip_cfws()
    start = lexer.position
    try:
        return _addr_spec(lexer)
    except LexError:
        lexer.position = start
    _display_name(lexer)
    lexer.expect("<")
    lexer.skip_cfws()
    address = _addr_spec(lexer)
    lexer.skip_cfws()
    lexer.expect(">")
    return address


def _display_name(lexer: Lexer) -> None:
    lexer.skip_cfws()
    while lexer.quoted_string() is not None or lexer.match(_PHRASE_WORD):
        lexer.skip_cfws()


def _addr_spec(lexer: Lexer) -> tuple[str, str]:
    local = lexer.quoted_string()
    if local is None:
        local = lexer.match(DOT_ATOM)
    if not local:
        raise LexError("no address")
    lexer.skip_cfws()
    lexer.expect("@")
    lexer.skip_cfws()
    domain = lexer.match(_DOMAIN)
    if not domain:
        raise LexError("no domain")
    return local, domain
