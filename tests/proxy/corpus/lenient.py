"""Servers and proxies that are less strict than ours: what each makes of a request. Only for the corpus."""

import posixpath
import re
import socket
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from tests.proxy.corpus.case import Case, Reading

OVERLONG = {b"\xc0\xae": b".", b"\xc0\xaf": b"/", b"\xe0\x80\xae": b".", b"\xe0\x80\xaf": b"/", b"\xc1\x9c": b"\\"}


def _field(case: Case, *names: str) -> str | None:
    found = [value for name, value in case.fields if name.lower().replace("_", "-").strip() in names]
    return found[-1] if found else None


def _path(target: str, times: int) -> str:
    """A path as a server reads it that decodes before it splits, and is generous about what a separator is."""
    raw = target.encode("utf-8", "surrogateescape")
    for _ in range(times):
        raw = unquote_to_bytes(re.sub(rb"%u00([0-9a-f]{2})", rb"%\1", raw))
    for form, plain in OVERLONG.items():
        raw = raw.replace(form, plain)
    text = unicodedata.normalize("NFKC", raw.decode("utf-8", "replace"))
    text = re.sub(r"[\x00-\x20\x7f]", "", text).replace("\\", "/")
    text = re.split("[?#]", text, maxsplit=1)[0]
    text = re.sub(r";[^/]*", "", re.sub(r"%(?![0-9A-Fa-f]{2})", "", text))
    if not text.startswith("/"):
        return text
    path = posixpath.normpath(re.sub("/{2,}", "/", text))
    return f"{path}/" if text.endswith("/") and path != "/" else path


def _address(host: str) -> str:
    """As `inet_aton(3)` reads a number that stands for a host."""
    bare = host.removeprefix("[").partition("]")[0]
    try:
        return socket.inet_ntoa(socket.inet_aton(bare))
    except (OSError, UnicodeError):
        return bare.removeprefix("::ffff:")


def once(case: Case) -> Reading:
    """Decodes once, then resolves dots, backslashes, parameters and runs of slashes."""
    return Reading(case.method, case.host, _path(case.target, 1))


def twice(case: Case) -> Reading:
    """Behind a proxy that decodes as well."""
    return Reading(case.method, case.host, _path(case.target, 2))


def last_host(case: Case) -> Reading:
    """Goes by the last `Host`, cut at the first character that a name cannot have, after any user name."""
    return Reading(case.method, _name(_field(case, "host") or case.host), _path(case.target, 1))


def _name(authority: str) -> str:
    text = re.split(r"[/?#\\,\s]", unquote_to_bytes(authority).decode("utf-8", "replace"), maxsplit=1)[0]
    text = text.rpartition("@")[2].split("\0")[0]
    return _address(text.rpartition(":")[0] if re.search(r"[^:\]]:\d*\Z", text) else text).rstrip(".").lower()


def authority_after_user(case: Case) -> Reading:
    """Takes what is behind the last `@`, wherever in the field that stands."""
    return Reading(
        case.method, (_field(case, "host") or case.authority).rpartition("@")[2].split(":")[0], _path(case.target, 1)
    )


def absolute(case: Case) -> Reading:
    """Goes by the URL in the request line, as RFC 9112 §3.2.2 asks of every server."""
    found = re.match(r"(?:[a-z]+:)?//([^/?#]*)(.*)\Z", case.target, re.IGNORECASE)
    assert found is not None
    return Reading(case.method, _name(found[1]), _path(found[2] or "/", 1))


def pseudo(case: Case) -> Reading:
    """Goes by `:authority`."""
    return Reading(case.method, _name(case.authority), _path(case.target, 1))


def method_override(case: Case) -> Reading:
    """Lets a field or a parameter name the method."""
    named = _field(case, "x-http-method-override", "x-http-method", "x-method-override", "x-method")
    if named is None:
        query = unquote_to_bytes(case.target.partition("?")[2]).decode().replace(";", "&")
        named = dict(pair.partition("=")[::2] for pair in query.split("&"))["_method"]
    return Reading(named.strip().upper(), case.host, _path(case.target.partition("?")[0], 1))


def target_override(case: Case) -> Reading:
    """Lets a field name the path."""
    named = _field(case, "x-original-url", "x-rewrite-url", "x-original-uri", "x-rewrite-uri")
    return Reading(case.method, case.host, _path(named or "", 1))


def host_override(case: Case) -> Reading:
    """Lets a field name the host, as behind a proxy that one trusts."""
    forwarded = re.search(r"host=\"?([^;,\"]*)", _field(case, "forwarded") or "", re.IGNORECASE)
    named = (
        forwarded[1]
        if forwarded
        else _field(case, "x-forwarded-host", "x-host", "x-original-host", "x-forwarded-server")
    )
    return Reading(case.method, _name(named or ""), _path(case.target, 1))


def query(case: Case) -> Reading:
    """Takes `;` for `&`, the last of several values, and decodes names twice."""
    text = case.target.partition("?")[2].replace(";", "&")
    for _ in range(2):
        text = unquote_to_bytes(text).decode("utf-8", "replace")
    pairs = dict(pair.partition("=")[::2] for pair in text.split("&") if pair)
    return Reading(case.method, case.host, _path(case.target.partition("?")[0], 1), tuple(sorted(pairs.items())))


def plain(case: Case) -> Reading:
    """Has nothing to be lenient about."""
    return Reading(case.method, case.host, _path(case.target.partition("?")[0], 1))


def smuggled(case: Case) -> Reading:
    """Ends the first request's body early, and takes what follows for another request."""
    line = re.search(r"(?:\r\n|\r|\n|\Z)([A-Z]+) (/[^ ]*) HTTP/1.1(?:\r?\n)Host: ([^\r\n]*)", case.tail)
    assert line is not None
    return Reading(line[1], _name(line[3]), _path(line[2], 1))


READERS: dict[str, Callable[[Case], Reading]] = {
    reader.__name__: reader
    for reader in (
        once, twice, last_host, authority_after_user, absolute, pseudo, method_override, target_override, host_override,
        query, plain, smuggled,
    )
}  # fmt: skip
