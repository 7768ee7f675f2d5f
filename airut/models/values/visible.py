"""Texts of agents and of strangers, without what is not seen."""

import unicodedata

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def clean(text: str) -> str:
    """The text without what a terminal would obey (escape sequences, other controls) or read backwards (bidi marks)."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    if unicodedata.category(character) in ("Cc", "Cs", "Co") or character in BIDI:
        return "" if character == "\r" else "\ufffd"
    return character
