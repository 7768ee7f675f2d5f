"""Files that come with a mail: names that are safe, limits, and what is not worth keeping (spec: email §8)."""

import mimetypes
import unicodedata
from email.message import Message

from airut.models.base import Model
from airut.models.mail_settings import MailLimits
from signals.mail.header import decode_words

MAX_NAME = 150
"""Bytes of UTF-8: every file system takes 255, and `-2` or a path of ours must still fit."""

_DETACHED_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
# Names whose meaning lies with a program rather than a person; mimetypes knows no extension for them.
_EXTENSIONS = {"message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html", "image/jpeg": ".jpg"}


class MailFile(Model):
    """A file of a mail, not stored yet. `name` is one safe path component."""

    name: str
    media_type: str
    content: bytes
    content_id: str | None = None


def declared_name(part: Message) -> str:
    """The name as the sender wrote it: RFC 2231, RFC 2047 (against its own rules, but common) or bare UTF-8."""
    copy = Message()
    for name, value in part.raw_items():
        if name.lower() in ("content-type", "content-disposition"):
            # The parser keeps bytes beyond ASCII as surrogates; names in bare UTF-8 are real.
            copy[name] = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return decode_words(copy.get_filename() or "")


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


def is_noise(media_type: str, content: bytes) -> bool:
    """Detached signatures and one-pixel pictures: nobody sent them on purpose."""
    if media_type in _DETACHED_SIGNATURES:
        return True
    if content.startswith(b"GIF8"):
        return content[6:10] == b"\x01\x00\x01\x00"
    return content.startswith(b"\x89PNG") and content[16:24] == b"\x00\x00\x00\x01\x00\x00\x00\x01"


def within_limits(files: tuple[MailFile, ...], limits: MailLimits) -> tuple[tuple[MailFile, ...], tuple[str, ...]]:
    """The files that are taken, and a note for each that is not."""
    taken: list[MailFile] = []
    notes: list[str] = []
    for file in files:
        if len(file.content) > limits.attachment:
            size, most = _mebibytes(len(file.content)), _mebibytes(limits.attachment)
            notes.append(f"the file {file.name} was left out: it has {size}, the limit is {most}")
        elif len(taken) >= limits.attachments:
            notes.append(f"the file {file.name} was left out: at most {limits.attachments} files are taken")
        else:
            taken.append(file)
    return tuple(taken), tuple(notes)


def too_big(size: int, limits: MailLimits) -> str:
    """What the sender of a mail over the limit is told."""
    return (
        f"your mail has {_mebibytes(size)}, the limit is {_mebibytes(limits.message)}, so that only its header was"
        " read; send a link or fewer files"
    )


def _mebibytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB" if size >= 1024**2 else f"{max(1, size // 1024)} KiB"


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
