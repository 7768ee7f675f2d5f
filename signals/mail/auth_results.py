"""Authentication-Results (RFC 8601 §2.2), parsed by its grammar and never searched."""

import re

from airut.models.base import Model
from signals.mail.lexer import Lexer, LexError

# RFC 2045 §5.1 token, as RFC 8601 §2.2 defines `value`.
_TOKEN = re.compile(r"[^\x00-\x20\x7f()<>@,;:\\\"/\[\]?=]+")
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_DIGITS = re.compile(r"[0-9]+")
# Wider than the grammar's `pvalue`: addresses, IPv6, base64 and `256/256` stand unquoted in the fields of large
# providers. It still ends at white space, `;`, comments and quotes.
_LOOSE_VALUE = re.compile(r"[^\x00-\x20\x7f()\";]+")
_AT_DOMAIN = re.compile(r"@[A-Za-z0-9._-]+")


class Property(Model):
    """`ptype.name=value`; Microsoft writes some without a ptype (`action=none`)."""

    ptype: str
    name: str
    value: str


class MethodResult(Model):
    """One `method=result`, both in lower case."""

    method: str
    version: int
    result: str
    properties: tuple[Property, ...] = ()

    def property_values(self, ptype: str, name: str) -> tuple[str, ...]:
        return tuple(p.value for p in self.properties if (p.ptype, p.name) == (ptype, name))


class AuthenticationResults(Model):
    """A parsed field. `authserv_id` is in lower case, and empty for a server that writes none."""

    authserv_id: str
    results: tuple[MethodResult, ...]


def parse_authentication_results(value: str) -> AuthenticationResults | None:
    """Parse an unfolded field value; None when it does not follow the grammar, for such a field proves nothing."""
    lexer = Lexer(value)
    try:
        authserv_id = _authserv_id(lexer)
        results = _results(lexer, implicit_first=not authserv_id)
    except LexError:
        return None
    return AuthenticationResults(authserv_id=authserv_id.lower(), results=results)


def _authserv_id(lexer: Lexer) -> str:
    """Take id and version. A first word followed by `=` is a result already: the server writes no id (Microsoft)."""
    lexer.skip_cfws()
    start = lexer.position
    identifier = lexer.quoted_string()
    if identifier is None:
        identifier = lexer.match(_TOKEN)
    if not identifier:
        raise LexError("no authserv-id")
    lexer.skip_cfws()
    if lexer.peek() in ("=", "/"):
        lexer.position = start
        return ""
    if lexer.match(_DIGITS):
        lexer.skip_cfws()
    if lexer.peek() != ";":
        raise LexError("no results")
    return identifier


def _results(lexer: Lexer, *, implicit_first: bool) -> tuple[MethodResult, ...]:
    results: list[MethodResult] = []
    none = False
    if implicit_first:
        results.append(_method_result(lexer))
    while lexer.accept(";"):
        lexer.skip_cfws()
        if lexer.at_end:
            break  # a trailing semicolon, which many servers write
        if none:
            raise LexError("results after none")
        start = lexer.position
        word = lexer.match(_KEYWORD)
        lexer.skip_cfws()
        if word.lower() == "none" and (lexer.at_end or lexer.peek() == ";") and not results:
            none = True
            continue
        lexer.position = start
        results.append(_method_result(lexer))
    lexer.skip_cfws()
    if not lexer.at_end:
        raise LexError("text after the results")
    return tuple(results)


def _method_result(lexer: Lexer) -> MethodResult:
    method = _keyword(lexer)
    version = 1
    lexer.skip_cfws()
    if lexer.accept("/"):
        lexer.skip_cfws()
        digits = lexer.match(_DIGITS)
        if not digits or len(digits) > 9:
            raise LexError("no method version")
        version = int(digits)
        lexer.skip_cfws()
    lexer.expect("=")
    lexer.skip_cfws()
    result = _keyword(lexer)
    properties: list[Property] = []
    while lexer.skip_cfws() and not lexer.at_end and lexer.peek() != ";":
        properties.append(_property(lexer))
    if not lexer.at_end and lexer.peek() != ";":
        raise LexError("text runs on behind a result")
    return MethodResult(method=method.lower(), version=version, result=result.lower(), properties=tuple(properties))


def _property(lexer: Lexer) -> Property:
    """`reason=value` or `ptype.property=value`."""
    ptype, name = "", _keyword(lexer)
    lexer.skip_cfws()
    if lexer.accept("."):
        lexer.skip_cfws()
        ptype, name = name, _keyword(lexer)
        lexer.skip_cfws()
    lexer.expect("=")
    lexer.skip_cfws()
    return Property(ptype=ptype.lower(), name=name.lower(), value=_pvalue(lexer))


def _pvalue(lexer: Lexer) -> str:
    quoted = lexer.quoted_string()
    if quoted is not None:
        return quoted + lexer.match(_AT_DOMAIN)  # a quoted local part
    if lexer.at_end or lexer.peek() == ";":
        return ""  # `smtp.mailfrom=` of a bounce
    value = lexer.match(_LOOSE_VALUE)
    if not value or lexer.peek() == '"':
        raise LexError("not a value")
    return value


def _keyword(lexer: Lexer) -> str:
    word = lexer.match(_KEYWORD)
    if not word:
        raise LexError("no keyword")
    return word
