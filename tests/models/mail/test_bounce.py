from airut.models.mail.bounce import KEPT, with_bounce
from tests.signals.mail.test_bounces import BOUNCE


def test_a_failure_counts_by_mail_and_recipient_and_the_newest_are_kept() -> None:
    again = BOUNCE.model_copy(update={"diagnostic": "again"})
    bob = BOUNCE.model_copy(update={"recipient": "bob@example.org"})
    assert with_bounce(with_bounce((BOUNCE,), bob), again) == (bob, again)
    many = tuple(BOUNCE.model_copy(update={"recipient": f"{n}@example.org"}) for n in range(KEPT))
    assert with_bounce(many, bob) == (*many[1:], bob)


def test_words_without_a_recipient() -> None:
    assert BOUNCE.model_copy(update={"recipient": ""}).words == f"reply bounced: {BOUNCE.diagnostic}"
