"""A mail's MIME tree to the text that its author wrote and the files that came with it (spec: email §6)."""

import re
from email import message_from_bytes
from email.message import Message
from enum import StrEnum
from typing import NamedTuple

from airut.models.base import Model
from airut.models.values.file_names import distinct, safe_name
from signals.mail.armor import is_encrypted, without_signature_armor
from signals.mail.attachments import MailFile, declared_name, is_noise
from signals.mail.body import TextLeaf, has_words, write_body
from signals.mail.charset import clean_text, decode_text, unflow
from signals.mail.quotes import Body

MAX_DEPTH = 20
MAX_PARTS = 500
"""Mail programs nest five deep and write tens of parts; beyond lies an attack or a broken gateway."""

_BODY_TYPES = {"text/plain", "text/html", "text/markdown"}
_IGNORED_ALTERNATIVES = {"text/x-amp-html", "text/calendar"}
_ENCRYPTED = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
"""RFC 6838 §4.2, in the lower case that the parser gives."""
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}


class Obstacle(StrEnum):
    """Why a mail's text cannot be read; the words are for its author."""

    ENCRYPTED = "encrypted mail cannot be read here"
    OPAQUE = "the mail is signed in a form that cannot be read here (S/MIME, opaque); send it unsigned or clear-signed"
    TNEF = "the mail is in Outlook's own format (winmail.dat); send it as HTML or plain text"
    COMPLEX = "the mail's structure is too complex to be read"


class ParsedMail(Model):
    body: Body
    files: tuple[MailFile, ...] = ()
    attached: bool = False
    """A file came that the text does not show itself: the logo in a signature was not sent on purpose."""
    obstacle: Obstacle | None = None
    unreadable: bool = False
    """Whether there is nothing else to it: the obstacle is answered then, and no task begins."""


class _Leaf(NamedTuple):
    """What stands at one place of the text: a text leaf, or the index of a file."""

    text: TextLeaf | None
    file: int | None


def parse_mail(raw: bytes) -> ParsedMail:
    """Never raises for what is in the mail."""
    try:
        message = message_from_bytes(raw)
    except RecursionError:  # the parser is recursive; so deep a tree is beyond our limit by far
        return _unreadable(Obstacle.COMPLEX)
    walk = _Walk()
    try:
        leaves = walk.leaves(message, 0)
    except _TooComplex:
        return _unreadable(Obstacle.COMPLEX)
    body = write_body(
        tuple(leaf.text if leaf.text is not None else walk.names.get(leaf.file) for leaf in leaves),
        walk.names_by_content_id(),
    )
    unreadable = walk.obstacle is not None and not body.own and len(walk.files) <= walk.obstacles
    obstacle = walk.obstacle if unreadable or walk.obstacle is not Obstacle.TNEF else None
    html = "".join(leaf.text.text for leaf in leaves if leaf.text is not None and leaf.text.html)
    attached = any(not file.content_id or f"cid:{file.content_id}" not in html for file in walk.files)
    return ParsedMail(body=body, files=tuple(walk.files), attached=attached, obstacle=obstacle, unreadable=unreadable)


class _TooComplex(Exception):
    pass


class _Walk:
    """Collects files in the order of the tree, and remembers why the text may be missing."""

    def __init__(self) -> None:
        self.files: list[MailFile] = []
        self.names: dict[int | None, str] = {}
        self.obstacle: Obstacle | None = None
        self.obstacles = 0
        """How many of the files are what cannot be read."""
        self._taken: set[str] = set()
        self._parts = 0

    def names_by_content_id(self) -> dict[str, str]:
        return {file.content_id: file.name for file in self.files if file.content_id}

    def leaves(self, part: Message, depth: int) -> list[_Leaf]:
        self._parts += 1
        if depth > MAX_DEPTH or self._parts > MAX_PARTS:
            raise _TooComplex
        media_type = part.get_content_type()
        if media_type in _ENCRYPTED:
            opaque = _parameter(part, "smime-type").lower() == "signed-data"
            self.obstacle = Obstacle.OPAQUE if opaque else Obstacle.ENCRYPTED
            return self._file(part, media_type) if not part.is_multipart() else []
        if media_type.startswith("message/") or not part.is_multipart():
            return self._leaf(part, media_type)
        children = [child for child in part.get_payload() if isinstance(child, Message)]
        match media_type:
            case "multipart/alternative":
                return self._alternative(children, depth)
            case "multipart/related":
                return self._related(part, children, depth)
            case "multipart/signed":
                return self.leaves(children[0], depth + 1) if children else []
        return [leaf for child in children for leaf in self.leaves(child, depth + 1)]

    def _alternative(self, children: list[Message], depth: int) -> list[_Leaf]:
        """The last child that has words, HTML preferred; files of the others are kept, their texts are not."""
        variants = [
            self.leaves(child, depth + 1)
            for child in children
            if child.get_content_type() not in _IGNORED_ALTERNATIVES or declared_name(child)
        ]
        worded = [variant for variant in variants if any(leaf.text and has_words(leaf.text) for leaf in variant)]
        html = [variant for variant in worded if any(leaf.text and leaf.text.html for leaf in variant)]
        return next(reversed(html or worded or variants), [])

    def _related(self, part: Message, children: list[Message], depth: int) -> list[_Leaf]:
        """RFC 2387 §3.2: the root is named by `start`, else it is the first; the rest are files it refers to."""
        start = str(part.get_param("start") or "")
        root = next((c for c in children if start and str(c.get("Content-ID", "")).strip() == start), None)
        root = root or next(iter(children), None)
        found = [(child, self.leaves(child, depth + 1)) for child in children]
        if not any(leaf.text for child, leaves in found if child is root for leaf in leaves):
            return [leaf for _, leaves in found for leaf in leaves]  # a root that is no text: the text is elsewhere
        return [leaf for child, leaves in found for leaf in leaves if child is root or leaf.text is None]

    def _leaf(self, part: Message, media_type: str) -> list[_Leaf]:
        if media_type.startswith("multipart/"):  # said to be one but without a boundary: read as text
            media_type = "text/plain"
        attached = part.get_content_disposition() == "attachment" or bool(declared_name(part))
        if media_type not in _BODY_TYPES or attached:
            return self._file(part, media_type)
        html = media_type == "text/html"
        text = decode_text(_content(part), _parameter(part, "charset"), html=html)
        if not html and _parameter(part, "format").lower() == "flowed":
            text = unflow(text, delete_space=_parameter(part, "delsp").lower() == "yes")
        if not html and is_encrypted(text):
            self.obstacle = Obstacle.ENCRYPTED
            return []
        text = text if html else without_signature_armor(text)
        return [_Leaf(text=TextLeaf(text=text, html=html), file=None)]

    def _file(self, part: Message, media_type: str) -> list[_Leaf]:
        content = _content(part)
        if is_noise(media_type, content):
            return []
        name = safe_name(declared_name(part), media_type, len(self.files) + 1)
        if obstacle := _obstacle(media_type, name):
            self.obstacle = self.obstacle or obstacle
            self.obstacles += 1
        content_id = "".join(clean_text(str(part.get("Content-ID", ""))).split()).strip("<>") or None
        if not _MEDIA_TYPE.fullmatch(media_type):
            media_type = "application/octet-stream"
        file = MailFile(name=distinct(name, self._taken), media_type=media_type, content=content, content_id=content_id)
        index = len(self.files)
        self.files.append(file)
        self.names[index] = file.name
        return [_Leaf(text=None, file=index)]


def _obstacle(media_type: str, name: str) -> Obstacle | None:
    """Of a file, by its type or its name: gateways that do not know the types write application/octet-stream."""
    if media_type in _TNEF or name.lower() == "winmail.dat":
        return Obstacle.TNEF
    return Obstacle.ENCRYPTED if media_type in _ENCRYPTED or name.lower() == "smime.p7m" else None


def _content(part: Message) -> bytes:
    """Decoded bytes; broken base64 or quoted-printable as far as it goes."""
    if part.is_multipart():  # message/rfc822: the attached mail as it came
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, Message) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _parameter(part: Message, name: str) -> str:
    value = part.get_param(name)
    if isinstance(value, tuple):  # RFC 2231
        value = value[2]
    return str(value or "")


def _unreadable(obstacle: Obstacle) -> ParsedMail:
    return ParsedMail(body=Body(cut="", uncut=""), obstacle=obstacle, unreadable=True)
