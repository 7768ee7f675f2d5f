"""Which plain variables look like credentials."""

import pytest

from airut.models.credentials.lookalikes import better_kind, shown_instead


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("LOG_LEVEL", "debug", None),
        ("NPM_TOKEN", "abcdef123", "token"),
        ("api_key", "abcdef123", "token"),
        ("CLIENT_SECRET", "abcdef123", "token"),
        ("KEYBOARD", "abcdef123", None),
        ("MAX_TOKENS", "4096000", None),
        ("SORT_KEY", "name", None),
        ("URL", "ghp_" + "R" * 36, "token"),
        ("ANYTHING", "sk-ant-api03-x", "claude"),
        ("ANYTHING", "AKIAIOSFODNN7EXAMPLE", "aws"),
        ("AWS_SECRET_ACCESS_KEY", "x", "aws"),
        ("ANYTHING", "-----BEGIN RSA PRIVATE KEY-----\n…", "github_app"),
        ("ANYTHING", "-----BEGIN CERTIFICATE-----\n…", None),
    ],
)
def test_what_looks_like_a_credential(name: str, value: str, kind: str | None) -> None:
    assert better_kind(name, value) == kind


def test_what_is_shown_instead() -> None:
    assert shown_instead({"LOG_LEVEL": "debug", "NPM_TOKEN": "abcdef123"}) == {"abcdef123": "[redacted:NPM_TOKEN]"}
