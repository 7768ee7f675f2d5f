"""Files that come with a mail: limits, and what is not worth keeping (spec: email §8)."""

from email.message import Message

from airut.models.base import Model
from airut.models.mail.settings import MailLimits
from signals.mail.header import decode_words

_DETACHED_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}


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
