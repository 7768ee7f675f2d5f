"""Who an answer goes to (spec: email §9): verified senders, and those copied in who may be."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from airut.models.threads.message import MailRoute

MAX_CC = 20
"""More copies than this look like spam to receiving servers, and no conversation about a task needs them."""

# What stands bare in a header: an RFC 5322 §3.4.1 dot-atom or quoted string without white space, then a domain.
_ADDRESS = re.compile(r'(?:[^\x00-\x20\x7f<>()\[\]:;@\\,"]+|"[^\x00-\x20\x7f"\\]+")@[^\x00-\x20\x7f<>()\\,:;@"]+')


@dataclass(frozen=True)
class Recipients:
    """Bare addresses, each once, in the order of first appearance; `cc` holds nobody who is in `to`."""

    to: tuple[str, ...]
    cc: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Whom the newest mail was sent to besides, and who is not copied in."""

    @property
    def all(self) -> tuple[str, ...]:
        return self.to + self.cc


def is_address(text: str) -> bool:
    """Whether this may stand in a header and an SMTP command as it is: no injection, no list, no comment."""
    return _ADDRESS.fullmatch(text) is not None and len(text.encode("utf-8", "replace")) <= 254


def same(address: str) -> str:
    """The form in which two addresses are compared: case never tells people apart in practice."""
    return address.casefold()


def recipients(
    routes: Sequence[MailRoute], participants: Iterable[str], ours: Iterable[str], copy_participants: bool
) -> Recipients:
    """To: the senders of all answered mails, and whom a conversation that we open is for. Cc: To and Cc of the
    newest one, as far as authorized and not us.

    `ours` are addresses or `from` values with display names; their sub-addresses (`user+model@`) are ours as well.
    """
    mine = {_without_detail(same(parseaddr(address)[1])) for address in ours}

    def others(addresses: Iterable[str], taken: set[str]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for address in addresses:
            key = same(address)
            if is_address(address) and key not in taken and _without_detail(key) not in mine:
                found.setdefault(key, address)
        return tuple(found.values())

    askers = (address for route in routes for address in (route.to if route.opens else (route.sender,)))
    to = others(askers, set())
    if not copy_participants or not routes:
        return Recipients(to, ())
    allowed = {same(address) for address in participants}
    newest = routes[-1]
    addressed = others((*newest.to, *newest.cc), {same(address) for address in to})
    cc = tuple(address for address in addressed if same(address) in allowed)[:MAX_CC]
    return Recipients(to, cc, tuple(address for address in addressed if address not in cc))


def _without_detail(address: str) -> str:
    """`user+detail@domain` → `user@domain` (RFC 5233 §1)."""
    local, at, domain = address.rpartition("@")
    return local.partition("+")[0] + at + domain
