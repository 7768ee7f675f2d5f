"""Rule sets for tests of the pure parts, written as a repository's allowlist."""

from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import rule_set
from airut.models.policy.rules import Sandbox
from proxy import rules_document
from proxy.rules import Rules

SANDBOX = Sandbox(id="sb", thread="t", task="t/task-1", attempt=1)


def of_policy(text: str, *granted: str) -> Rules:
    """What the proxy reads for an allowlist file and presets that the server grants."""
    allowlist = parse_allowlist(text, "f")
    made = rule_set(
        allowlist,
        granted_presets=granted,
        repository="acme/web",
        credentials=(),
        sandbox=SANDBOX,
        listen="10.199.0.2",
        private_ranges=("10.0.0.0/8",),
    )
    return rules_document.parse(made.to_wire())
