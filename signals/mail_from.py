"""The author of a mail: exactly one From field with exactly one mailbox, by the grammar of RFC 5322 §3.4."""

import re

from signals.mail_header import HeaderBlock
from signals.mail_lexer import Lexer, LexError

# atext of RFC 5322 §3.2.3 with RFC 6532's UTF-8, which holds no surrogates.
_ATEXT = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\ud7ff\ue000-\U0010ffff]"
_DOT_ATOM = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
# A display name may hold dots (obs-phrase, RFC 5322 §4.1); real mail is full of them.
_PHRASE_WORD = re.compile(rf"(?:{_ATEXT}|\.)+")
_DOMAIN = re.compile(r"[^\s()<>\[\]:;@\\,\"]+")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class BadFrom(ValueError):
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


def normalized(local: str, domain: str) -> str:
    """`local@domain`, the domain as lower-case A-labels (RFC 5890 §2.3.2.1), ASCII letters of the local part in lower
    case. Only ASCII: full case mapping would make two different mailboxes equal (`K` the Kelvin sign).

    Raises:
        BadFrom: either part is not usable as an address.
    """
    if "=?" in local or "=?" in domain:
        raise BadFrom("encoded address")
    if "@" in local or not _DOT_ATOM.fullmatch(local):
        raise BadFrom("local part needs quotes")
    return f"{local.translate(_ASCII_LOWER)}@{a_labels(domain)}"


def a_labels(domain: str) -> str:
    """Lower-case A-labels. A name that IDNA would map to another one is refused: two readers could see two domains.

    Raises:
        BadFrom: not a domain name.
    """
    labels: list[str] = []
    for label in domain.removesuffix(".").split("."):
        if label.isascii():
            labels.append(label.lower())
            continue
        try:
            encoded = label.encode("idna")
            if not encoded.startswith(b"xn--") or encoded.decode("idna") != label.lower():
                raise BadFrom("domain name is not in its canonical form")
        except UnicodeError as error:
            raise BadFrom("domain name cannot be encoded") from error
        labels.append(encoded.decode("ascii").lower())
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise BadFrom("not a domain name")
    return ".".join(labels)


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
        local = lexer.match(_DOT_ATOM)
    if not local:
        raise LexError("no address")
    lexer.skip_cfws()
    lexer.expect("@")
    lexer.skip_cfws()
    domain = lexer.match(_DOMAIN)
    if not domain:
        raise LexError("no domain")
    return local, domain
