"""Names of files that other people chose, as names that a folder can take. Pure."""

import mimetypes
import unicodedata

MAX_NAME = 150
"""Bytes of UTF-8: every file system takes 255, and `-2` or a path of ours must still fit."""

# Names whose meaning lies with a program rather than a person; mimetypes knows no extension for them.
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "image/jpeg": ".jpg",
}


def safe_name(name: str, media_type: str, number: int) -> str:
    """One path component made from a name; `attachment-<number>` with the type's extension where nothing is left."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if _allowed(c)).strip().lstrip(".").strip()
    if not kept:
        extension = _EXTENSIONS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"
        return f"attachment-{number}{extension}"
    return _shortened(kept)


def distinct(name: str, taken: set[str]) -> str:
    """The name, or with `-2`, `-3` before its extension; compared without case, for file systems that have none."""
    stem, extension = _split(name)
    number, candidate = 1, name
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{stem}-{number}{extension}"
    taken.add(candidate.casefold())
    return candidate


def _allowed(character: str) -> bool:
    """No controls, format characters (bidi overrides among them), surrogates, private use or line separators."""
    category = unicodedata.category(character)
    return category[0] != "C" and category not in ("Zl", "Zp")


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    # What follows the last dot is an extension only if it is short: `v1.the whole story` has none.
    if not stem or len(extension.encode()) > 15:
        return name, ""
    return stem, dot + extension


def _shortened(name: str) -> str:
    stem, extension = _split(name)
    room = MAX_NAME - len(extension.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + extension
