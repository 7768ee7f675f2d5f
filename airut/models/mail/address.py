"""Mail addresses in the one form in which they are compared, and the operator's list of those who may give tasks."""

import re

# atext of RFC 5322 §3.2.3 with RFC 6532's UTF-8, which holds no surrogates.
ATEXT = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\ud7ff\ue000-\U0010ffff]"
DOT_ATOM = re.compile(rf"{ATEXT}+(?:\.{ATEXT}+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class BadAddress(ValueError):
    """Not one well-formed address."""


def normalized(local: str, domain: str) -> str:
    """`local@domain`, the domain as lower-case A-labels (RFC 5890 §2.3.2.1), ASCII letters of the local part in lower
    case. Only ASCII: full case mapping would make two different mailboxes equal (`K` the Kelvin sign).

    Raises:
        BadAddress: either part is not usable as an address.
    """
    if "=?" in local or "=?" in domain:
        raise BadAddress("encoded address")
    if "@" in local or not DOT_ATOM.fullmatch(local):
        raise BadAddress("local part needs quotes")
    return f"{local.translate(_ASCII_LOWER)}@{a_labels(domain)}"


def a_labels(domain: str) -> str:
    """Lower-case A-labels. A name that IDNA would map to another one is refused: two readers could see two domains.

    Raises:
        BadAddress: not a domain name.
    """
    labels: list[str] = []
    for label in domain.removesuffix(".").split("."):
        if label.isascii():
            labels.append(label.lower())
            continue
        try:
            encoded = label.encode("idna")
            if not encoded.startswith(b"xn--") or encoded.decode("idna") != label.lower():
                raise BadAddress("domain name is not in its canonical form")
        except UnicodeError as error:
            raise BadAddress("domain name cannot be encoded") from error
        labels.append(encoded.decode("ascii").lower())
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddress("not a domain name")
    return ".".join(labels)


def is_authorized(address: str, authorized_senders: tuple[str, ...]) -> bool:
    """Whether a verified address is on the list: as itself, or by `*@domain`, which does not reach subdomains.

    Entries that are no addresses match nothing.
    """
    local, _, domain = address.rpartition("@")
    if not local:
        return False
    allowed = {entry for each in authorized_senders if (entry := _entry(each))}
    return address in allowed or f"*@{domain}" in allowed


def _entry(text: str) -> str | None:
    local, _, domain = text.strip().rpartition("@")
    try:
        return normalized(local, domain)
    except BadAddress:
        return None
