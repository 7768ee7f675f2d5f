"""Settings of Claude Code from two sides."""

from airut.models.policy.claude_settings import united


def test_ours_come_first_and_what_either_denies_is_denied() -> None:
    theirs = {"permissions": {"deny": ["WebFetch"], "allow": ["Bash"]}, "language": "de", "verbose": True}
    ours = {"permissions": {"deny": ["Bash(rm:*)", "WebFetch"]}, "language": "en"}
    assert united(theirs, ours) == {
        "permissions": {"deny": ["WebFetch", "Bash(rm:*)"], "allow": ["Bash"]},
        "language": "en",
        "verbose": True,
    }
    assert united({}, ours) == ours
