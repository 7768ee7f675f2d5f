"""Who takes part in a thread: the operator's list, applied to addresses that are verified (spec: email §4)."""

from airut.models.mail.address import is_authorized


def participants(sender: str, addressed: tuple[str, ...], authorized_senders: tuple[str, ...]) -> tuple[str, ...]:
    """Who takes part in a thread by one of its accepted mails: its sender, and whoever is authorized in To and Cc."""
    people = (sender, *(each for each in addressed if is_authorized(each, authorized_senders)))
    return tuple(dict.fromkeys(people))
