import pytest

from airut.adapters.mail_render.addresses import Recipients, is_address, recipients
from airut.models.threads.message import MailRoute

OURS = ("Airut <bot@example.org>", "robot@example.org")


def route(sender: str, to: tuple[str, ...] = (), cc: tuple[str, ...] = ()) -> MailRoute:
    return MailRoute(token="abcdefghij234567", message_id=None, sender=sender, to=to, cc=cc)


def test_all_senders_are_answered_and_the_newest_mail_says_who_is_copied_in() -> None:
    routes = [
        route("ann@example.org", to=("old@example.org",)),
        route("Ann@Example.org"),
        route("bob@example.org", to=("bot@example.org", "ann@example.org", "cy@example.org"), cc=("dan@example.org",)),
    ]
    allowed = ("ann@example.org", "CY@example.org", "dan@example.org", "old@example.org")
    assert recipients(routes, allowed, OURS, True) == Recipients(
        to=("ann@example.org", "bob@example.org"), cc=("cy@example.org", "dan@example.org")
    )
    assert recipients(routes, allowed, OURS, False).cc == ()


def test_only_authorized_people_are_copied_in_and_never_we() -> None:
    newest = route(
        "ann@example.org",
        to=("bot+opus@example.org", "BOT@example.org", "robot@example.org", "eve@evil.example", "bob@example.org"),
        cc=("bob@example.org", "bob@example.org\r\nBcc: eve@evil.example"),
    )
    allowed = (*newest.to[:3], "bob@example.org", newest.cc[1])
    found = recipients([newest], allowed, OURS, True)
    assert (found.cc, found.left_out) == (("bob@example.org",), ("eve@evil.example",))


def test_at_most_twenty_copies() -> None:
    many = tuple(f"user{n}@example.org" for n in range(30))
    found = recipients([route("ann@example.org", to=many)], many, OURS, True)
    assert (found.cc, found.left_out) == (many[:20], many[20:])


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ann@example.org", True),
        ("o'neil+tag@example.org", True),
        ("jörg@exämple.org", True),
        ('"two.words"@example.org', True),
        ("ann@[192.0.2.1]", True),
        ("", False),
        ("ann", False),
        ("ann@", False),
        ("ann@example.org,eve@evil.example", False),
        ("ann@example.org eve@evil.example", False),
        ("ann@example.org\r\nBcc: eve@evil.example", False),
        ("<ann@example.org>", False),
        ("Ann <ann@example.org>", False),
        ("a" * 250 + "@example.org", False),
    ],
)
def test_is_address(text: str, good: bool) -> None:
    assert is_address(text) is good
