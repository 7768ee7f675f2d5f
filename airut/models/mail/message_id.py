"""Our own Message-ID: `<airut.<token>.<task>.<kind>.<seq>@domain>`, the same for the same answer on every try."""

import base64
import hashlib
import re

from airut.models.base import Model
from airut.models.tasks.reply import ReplyKind

TOKEN = re.compile(r"[a-z2-7]{16}")
"""A thread's token: 80 bits as lower-case base32 (RFC 4648 §6) without padding."""

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
"""What may stand right of the `@` in an id that we write; a subset of RFC 5322 §3.6.4 `id-right`."""

# Case is ignored in reading: some gateways upper-case or lower-case whole header fields, and nothing rests on case.
_OURS = re.compile(
    r"<airut\.(?P<token>[a-z2-7]{16})\.(?P<task>[0-9]{1,9})\.(?P<kind>[a-z]{3,4})\.(?P<seq>[0-9]{1,9})"
    r"@(?P<domain>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)>",
    re.IGNORECASE | re.ASCII,
)

_KINDS = {kind.value: kind for kind in ReplyKind}


class OurMessageId(Model):
    """The parts of an id that has our form. It proves nothing about who wrote it. `domain` is lower-case."""

    token: str
    task: int
    kind: ReplyKind
    seq: int
    domain: str


def derive_token(repo: str, root: str) -> str:
    """The first 80 bits of SHA-256 over repository and root Message-ID, as lower-case base32."""
    digest = hashlib.sha256(f"{repo}\0{root}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def workflow_id(repo: str, token: str) -> str:
    """The thread's id. Per repository: the same token elsewhere is another thread.

    Raises:
        ValueError: not a token.
    """
    if not TOKEN.fullmatch(token):
        raise ValueError(f"not a thread token: {token!r}")
    return f"{repo}/mail/{token}"


def build_message_id(token: str, task: int, kind: ReplyKind, seq: int, domain: str) -> str:
    """Return the id with angle brackets (RFC 5322 §3.6.4).

    Raises:
        ValueError: a part does not have its form, so that the id could not be read back.
    """
    if not TOKEN.fullmatch(token):
        raise ValueError(f"not a thread token: {token!r}")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"not a domain: {domain!r}")
    for number in (task, seq):
        if not 0 <= number < 10**9:
            raise ValueError(f"task and seq have at most nine digits: {number}")
    return f"<airut.{token}.{task}.{kind.value}.{seq}@{domain.lower()}>"


def parse_message_id(text: str) -> OurMessageId | None:
    """Read one id of ours, white space around it allowed; None for anything else."""
    match = _OURS.fullmatch(text.strip())
    if match is None:
        return None
    kind = _KINDS.get(match["kind"].lower())
    if kind is None:
        return None
    return OurMessageId(
        token=match["token"].lower(),
        task=int(match["task"]),
        kind=kind,
        seq=int(match["seq"]),
        domain=match["domain"].lower(),
    )
