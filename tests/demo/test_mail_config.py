"""Which syntax a Dovecot reads."""

import pytest

from airut.demo.mail_config import dovecot


@pytest.mark.parametrize(
    ("version", "own_setting"),
    [
        ("2.3.19.1 (9b53102964)", "mail_location = maildir:"),
        ("2.3.21 (47349e2482)", "mail_location = maildir:"),
        ("2.4.1-4 (7d8c0e5759)", "dovecot_config_version"),
        ("2.10.0", "dovecot_config_version"),
        ("3.0.0", "dovecot_config_version"),
    ],
)
def test_the_template_follows_the_version(version: str, own_setting: str) -> None:
    assert own_setting in dovecot(version).template


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        dovecot("")
