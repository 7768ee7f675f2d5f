"""Who may give tasks: the operator's list, applied to addresses that are verified (spec: email §4)."""

from signals.mail_from import BadFrom, normalized


def is_authorized(address: str, authorized_senders: tuple[str, ...]) -> bool:
    """Whether a verified address is on the list: as itself, or by `*@domain`, which does not reach subdomains.

    Entries that are no addresses match nothing.
    """
    local, _, domain = address.rpartition("@")
    if not local:
        return False
    allowed = {entry for each in authorized_senders if (entry := _entry(each))}
    return address in allowed or f"*@{domain}" in allowed


def participants(sender: str, addressed: tuple[str, ...], authorized_senders: tuple[str, ...]) -> tuple[str, ...]:
    """Who takes part in a thread by one of its accepted mails: its sender, and whoever is authorized in To and Cc."""
    people = (sender, *(each for each in addressed if is_authorized(each, authorized_senders)))
    return tuple(dict.fromkeys(people))


def _entry(text: str) -> str | None:
    local, _, domain = text.strip().rpartition("@")
    try:
        return normalized(local, domain)
    except BadFrom:
        return None
