"""Section `forge` of a repository."""

import pytest
from pydantic import ValidationError

from airut.config.forge_settings import PullRequestConfig


@pytest.mark.parametrize("branch", ["airut/{slug}-{short}", "{short}", "bots/{short}/{slug}", "v1.x/airut_{short}"])
def test_branch_patterns(branch: str) -> None:
    assert PullRequestConfig(branch=branch).branch == branch


@pytest.mark.parametrize(
    ("branch", "fault"),
    [
        ("airut/{slug}", "must hold {short}"),
        ("airut/{subject}-{short}", "may hold letters, digits"),
        ("-{short}", "may hold letters, digits"),
        ("airut/../{short}", "may hold letters, digits"),
        ("a//{short}", "may hold letters, digits"),
        ("{short}/", "may hold letters, digits"),
        ("a" * 60 + "{short}", "60 characters at most"),
    ],
)
def test_what_is_no_branch_pattern(branch: str, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        PullRequestConfig(branch=branch)
