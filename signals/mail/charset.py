"""Bytes of a text to clean text: charsets as mail really names them, controls removed, `format=flowed` undone."""

import codecs
import re

_ALIASES = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    # As the WHATWG encoding standard has it: who declares Latin-1 or ASCII writes Windows quotes all the same.
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "latin-9": "iso-8859-15",
    "tis-620": "cp874",
}
_NUMBERED = re.compile(r"(?:x-)?(?:windows|cp|ibm|ms)[-_]?(\d{3,5})")
"""`windows-874`, `cp-850`, `x-windows-949`: Microsoft's and IBM's code pages by number."""
_META = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_:.+-]{2,40})""", re.IGNORECASE)
_META_WITHIN = 4096
"""Bytes: the HTML standard asks for it in the first 1024; mail puts styles before it."""
# C0 and C1 controls but tab and line feed, NUL among them; lone surrogates, which UTF-7 can spell and UTF-8 cannot
# hold; the byte order mark; our own marks for quotes, which are private.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ue000-\ue003]")
_NOT_OF_MAIL = {"idna", "punycode", "unicode-escape", "raw-unicode-escape"}
"""Codecs of Python's that decode bytes to text and are no charsets."""


def decode_text(raw: bytes, declared: str | None, *, html: bool = False) -> str:
    """Decode with the declared charset, else HTML's own, else UTF-8, else Windows-1252. Never raises."""
    names = [declared]
    if html and (match := _META.search(raw[:_META_WITHIN])):
        names.append(match[1].decode("ascii"))
    for name in (*names, "utf-8"):
        codec = _codec(name)
        if codec is None:
            continue
        try:
            return clean_text(raw.decode(codec))
        except ValueError:
            continue
    return clean_text(raw.decode("cp1252", errors="replace"))


def clean_text(text: str) -> str:
    """Line feeds only, no control characters, nothing that UTF-8 cannot hold."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def unflow(text: str, *, delete_space: bool) -> str:
    """Undo `format=flowed` (RFC 3676 §4.2): join lines that end in a space with the next of the same quote depth."""
    lines: list[list[str]] = []  # each of its pieces: a paragraph can have a million
    previous_depth = -1
    flowing = False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if flowing and depth == previous_depth and content != "-- ":
            lines[-1].append(content)
        elif not depth and content.startswith(">"):
            lines.append([" ", content])  # stuffed by its author so as not to be a quote (RFC 3676 §4.4)
        else:
            lines.append([">" * depth + (" " if depth else ""), content])
        flowing = content.endswith(" ") and content != "-- "
        if flowing and delete_space:
            lines[-1][-1] = content[:-1]
        previous_depth = depth
    return "\n".join("".join(pieces) for pieces in lines)


def _codec(name: str | None) -> str | None:
    """The codec's name, or None for one that is unknown or no text encoding (`hex`, `zip`)."""
    if not name:
        return None
    key = name.strip().strip("\"'").lower()
    key = _ALIASES.get(key, key)
    key = f"cp{numbered[1]}" if (numbered := _NUMBERED.fullmatch(key)) else key
    try:
        found = codecs.lookup(key)
    except (LookupError, ValueError):
        try:
            found = codecs.lookup(key.removeprefix("x-"))
        except (LookupError, ValueError):
            return None
    # `decode` of bytes refuses codecs like `hex`; ASCII that is not ASCII falls through to the next name.
    return found.name if getattr(found, "_is_text_encoding", True) and found.name not in _NOT_OF_MAIL else None
