"""Loop protection on headers alone (RFC 3834, spec: email §3): machines are never answered."""

import re
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

from airut.models.mail.message_id import parse_message_id
from signals.mail.header import HeaderBlock
from signals.mail.sender import BadFrom, parse_mailbox

INSTALLATION_FIELD = "x-airut-installation"

_KEYWORD = re.compile(r"[\s]*([a-z-]*)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_BULK = {"bulk", "junk", "list", "auto_reply"}
_SUPPRESS = {"all", "oof", "autoreply"}
_CANCELLING = {"reply", "counter", "cancel"}
_DAEMONS = {"mailer-daemon", "postmaster"}


class LoopReason(StrEnum):
    AUTO_SUBMITTED = "auto_submitted"
    LIST = "list"
    SUPPRESS = "suppress"
    BOUNCE = "bounce"
    OWN = "own"
    CALENDAR = "calendar"


def loop_reason(header: HeaderBlock, ours: tuple[str, ...], allow_lists: tuple[str, ...] = ()) -> LoopReason | None:
    """Why this mail must not be answered, or None. `ours` are our own addresses, normalized."""
    checks = (
        (LoopReason.OWN, _own(header, ours)),
        (LoopReason.CALENDAR, _calendar(header)),
        (LoopReason.BOUNCE, _bounce(header)),
        (LoopReason.AUTO_SUBMITTED, _auto_submitted(header)),
        (LoopReason.SUPPRESS, _suppress(header)),
        (LoopReason.LIST, _list(header, allow_lists)),
    )
    return next((reason for reason, holds in checks if holds), None)


def answers_invitation(raw: bytes) -> bool:
    """RFC 5546 replies as Outlook and Google write them: the calendar's part is one form of the text. An attached one,
    and one within a forwarded mail, is somebody's to look at."""
    if b"text/calendar" not in raw.lower():
        return False
    waiting = [message_from_bytes(raw)]
    while waiting:
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting += [each for each in payload if isinstance(each, Message)]
        elif _cancels(part) and part.get_content_disposition() != "attachment":
            return True
    return False


def _auto_submitted(header: HeaderBlock) -> bool:
    """RFC 3834 §5: any keyword but `no`; parameters and comments do not count. An empty field says nothing."""
    for value in header.all("auto-submitted"):
        match = _KEYWORD.match(_COMMENT.sub(" ", value))
        keyword = match[1].lower() if match else ""
        if keyword and keyword != "no":
            return True
    return False


def _suppress(header: HeaderBlock) -> bool:
    """[MS-OXCMAIL] 2.2.3.2.14: people's mail carries `None` or only `DR`, `NDR`, `RN`, `NRN`."""
    words = {word.strip().lower() for value in header.all("x-auto-response-suppress") for word in value.split(",")}
    return bool(words & _SUPPRESS) or bool(header.all("x-autoreply")) or bool(header.all("x-autorespond"))


def _list(header: HeaderBlock, allowed: tuple[str, ...]) -> bool:
    """RFC 2919 and RFC 2369. An allowed list is named by its List-Id or the address of its List-Post."""
    named = {
        name.lower().removeprefix("mailto:")
        for field in ("list-id", "list-post")
        for value in header.all(field)
        for name in (_IN_BRACKETS.findall(value) or [value.strip()])
    }
    if named & {each.lower() for each in allowed}:
        return False
    precedence = {value.strip().lower() for value in header.all("precedence")}
    return bool(named) or bool(precedence & _BULK)


def _bounce(header: HeaderBlock) -> bool:
    """RFC 5321 §4.5.5 null return path, RFC 3462 reports, and the daemons that know neither."""
    if any("".join(value.split()) == "<>" for value in header.all("return-path")):
        return True
    if _content_type(header).get_content_type() == "multipart/report":
        return True
    return any(_address(value).partition("@")[0] in _DAEMONS for value in header.all("from"))


def _own(header: HeaderBlock, ours: tuple[str, ...]) -> bool:
    """Ours, or another installation's: two of us would talk for ever."""
    if header.all(INSTALLATION_FIELD) or any(parse_message_id(value) for value in header.all("message-id")):
        return True
    return any(_address(value) in ours for value in header.all("from"))


def _calendar(header: HeaderBlock) -> bool:
    """RFC 5546 answers to invitations, Outlook's recalls and receipts."""
    part = _content_type(header)
    if _cancels(part) or _is_receipt(part):
        return True
    return any("recall" in v.lower() or "receipt" in v.lower() for v in header.all("content-class"))


def _cancels(part: Message) -> bool:
    method = part.get_param("method")
    return part.get_content_type() == "text/calendar" and isinstance(method, str) and method.lower() in _CANCELLING


def _is_receipt(part: Message) -> bool:
    """RFC 8098: that a mail was read, or deleted without."""
    kind = part.get_param("report-type")
    report = part.get_content_type() == "multipart/report"
    return report and isinstance(kind, str) and kind.lower() == "disposition-notification"


def _content_type(header: HeaderBlock) -> Message:
    part = Message()
    part["Content-Type"] = " ".join((header.first("content-type") or "text/plain").split())
    return part


def _address(value: str) -> str:
    try:
        return parse_mailbox(value)
    except BadFrom:
        return ""
