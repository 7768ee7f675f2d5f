"""Node ids of GitHub's GraphQL API: which repository an object belongs to (credentials.md §7.1).

Two forms are in use. The older is base64 of a length, a type and a key: `010:Repository1296269`. The newer is a prefix
for the type and base64url of a MessagePack array: `I_` and `[0, repository, issue]`. GitHub calls both opaque; what
does not have the one shape that is known for its type is taken for an object of somebody else's.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Literal

ACCOUNT: Literal["account"] = "account"
"""A user, an organization or a bot: named everywhere, and no repository's."""
Home = int | Literal["account"]

_NEW = re.compile(r"([A-Z]+)_([A-Za-z0-9_-]+)\Z")
_OLD = re.compile(rb"0([1-9]\d?):(.+)\Z", re.DOTALL)
_NUMBER = re.compile(rb"[0-9]{1,19}\Z")
_KEYED = re.compile(rb"([0-9]{1,19}):.", re.DOTALL)

_ACCOUNTS = frozenset(["U", "O", "BOT"])
# Types whose array holds the repository first and the object after it. Others, such as a team's `T_` or a project's
# `PVT_`, have an account in that place, whose number could be a repository's as well.
_OF_REPOSITORY = frozenset([
    "B", "C", "CC", "CR", "CS", "D", "DC", "DE", "DES", "DIC", "I", "IC", "LA", "MI", "PR", "PRR", "PRRC", "PRRT",
    "PSH", "PURC", "RA", "RE", "REF", "SC", "SCR", "STA", "TA", "TREE",
])  # fmt: skip
_OLD_ACCOUNTS = frozenset([b"User", b"Organization", b"Bot"])
_OLD_OF_REPOSITORY = frozenset([b"Blob", b"Commit", b"Ref", b"Tag", b"Tree"])


def homes(node_id: str) -> frozenset[Home]:
    """Where an object lives, by each reading of its id: a repository's number, or `ACCOUNT`. Empty: it has none."""
    readings: list[Home | None] = [_new(node_id), *(_old(data) for data in _decoded(node_id))]
    return frozenset(home for home in readings if home is not None)


def _new(node_id: str) -> Home | None:
    form = _NEW.match(node_id)
    if form is None:
        return None
    try:
        parts = _unpacked(_from_base64(form[2], b"-_"))
    except (ValueError, IndexError):
        return None
    match parts:
        case [0, int(number)] if form[1] == "R":
            return number
        case [0, int()] if form[1] in _ACCOUNTS:
            return ACCOUNT
        case [0, int(number), _, *_] if form[1] in _OF_REPOSITORY:
            return number
    return None


def _old(data: bytes) -> Home | None:
    form = _OLD.match(data)
    if form is None:
        return None
    kind, key = form[2][: int(form[1])], form[2][int(form[1]) :]
    if kind in _OLD_OF_REPOSITORY and (keyed := _KEYED.match(key)):
        return int(keyed[1])
    if not _NUMBER.match(key):
        return None
    if kind == b"Repository":
        return int(key)
    return ACCOUNT if kind in _OLD_ACCOUNTS else None


def _decoded(text: str) -> Iterator[bytes]:
    for alphabet in (b"+/", b"-_"):
        try:
            yield _from_base64(text, alphabet)
        except ValueError:
            continue


def _from_base64(text: str, alphabet: bytes) -> bytes:
    """Canonical base64, with its padding or without: no blank, no spare bit.

    Raises:
        ValueError: it is not.
    """
    bare = text.encode("ascii").rstrip(b"=")
    whole = bare + b"=" * (-len(bare) % 4)
    if text.encode("ascii") not in (bare, whole):
        raise binascii.Error("padding")
    data = base64.b64decode(whole, altchars=alphabet, validate=True)
    if base64.b64encode(data, altchars=alphabet) != whole:
        raise binascii.Error("spare bits")
    return data


def _unpacked(data: bytes) -> list[int | str]:
    """A MessagePack array of numbers and strings, and nothing after it.

    Raises:
        ValueError, IndexError: it is something else.
    """
    if data[0] & 0xF0 != 0x90:  # an array of at most 15, which all ids are
        raise ValueError("no array")
    position, parts = 1, list[int | str]()
    for _ in range(data[0] & 0x0F):
        part, position = _item(data, position)
        parts.append(part)
    if position != len(data):
        raise ValueError("more than an array")
    return parts


_NUMBERS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}  # bytes of unsigned integers
_LENGTHS = {0xD9: 1, 0xDA: 2}  # bytes of a string's length


def _item(data: bytes, position: int) -> tuple[int | str, int]:
    head, position = data[position], position + 1
    if head < 0x80:
        return head, position
    if head in _NUMBERS:
        return int.from_bytes(_cut(data, position, _NUMBERS[head])), position + _NUMBERS[head]
    if head & 0xE0 == 0xA0:
        length = head & 0x1F
    elif head in _LENGTHS:
        length = int.from_bytes(_cut(data, position, _LENGTHS[head]))
        position += _LENGTHS[head]
    else:
        raise ValueError("no number, and no string")
    return _cut(data, position, length).decode(), position + length


def _cut(data: bytes, position: int, length: int) -> bytes:
    piece = data[position : position + length]
    if len(piece) != length:
        raise ValueError("cut short")
    return piece
