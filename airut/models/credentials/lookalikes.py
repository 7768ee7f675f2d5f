"""Plain variables that look as if they were credentials (spec: credentials §1)."""

import re
from collections.abc import Mapping

from airut.models.credentials.redaction import MIN_LENGTH
from airut.models.credentials.surrogates import PREFIXES

_NAME = re.compile(r"(?:.*_)?(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD)", re.IGNORECASE)
_AWS = re.compile(r"(?:AKIA|ASIA)[A-Z2-7]{16}")


def better_kind(name: str, value: str) -> str | None:
    """The kind of credential that this variable should be; None where it looks harmless."""
    if "-----BEGIN" in value and "PRIVATE KEY" in value:
        return "github_app"
    if _AWS.fullmatch(value) or name.startswith("AWS_SECRET_"):
        return "aws"
    if value.startswith("sk-ant-"):
        return "claude"
    if PREFIXES.match(value) or (_NAME.fullmatch(name) and len(value) >= MIN_LENGTH):
        return "token"
    return None


def shown_instead(env: Mapping[str, str]) -> dict[str, str]:
    """What replies, pull requests and transcripts show in the place of such values."""
    return {value: f"[redacted:{name}]" for name, value in env.items() if better_kind(name, value) is not None}
