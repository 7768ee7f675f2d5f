"""Where the real value of a secret is looked at. A new place is a decision: it belongs into an adapter, or into what makes
surrogates and rule sets of it (spec: credentials §10)."""

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("airut", "signals", "workflows", "activities", "workers", "proxy")
ALLOWED = {
    # The place itself: a copy that no rotation changes, and of which kind a value is.
    "airut/models/credentials/secret.py": 2,
    # Whether two repositories have one Slack app.
    "airut/config/schema.py": 2,
    # The shape of a surrogate, and the check that a key has one.
    "airut/models/credentials/kinds.py": 1,
    "airut/models/credentials/aws.py": 1,
    "airut/config/codec_settings.py": 1,
    "airut/config/repo_schema.py": 1,
    # The writer of rule sets.
    "airut/models/policy/rules.py": 1,
    # What looks for values where they must not be.
    "airut/config/repositories.py": 1,
    # Adapters: logins, and the codec's key.
    "airut/adapters/git/remote.py": 2,
    "airut/adapters/gitea/client.py": 1,
    "airut/adapters/github/exchange.py": 1,
    "airut/adapters/github/forge.py": 1,
    "airut/adapters/github/pull_requests.py": 1,  # asking after a pull request
    "airut/adapters/github/installation_tokens.py": 2,
    "airut/adapters/github/rights.py": 1,
    "airut/adapters/gitlab/client.py": 1,
    "airut/adapters/imap/session.py": 1,
    "airut/adapters/oauth2/tokens.py": 3,
    "airut/adapters/podman/opened.py": 1,
    "airut/adapters/slack/web/client.py": 1,
    "airut/adapters/slack/web/connection.py": 1,
    "airut/adapters/slack/downloads.py": 1,
    "airut/adapters/slack/web/socket.py": 1,
    "airut/adapters/smtp/submission.py": 1,
    "airut/temporal/codec.py": 1,
    "workers/forge_login.py": 1,
}


def test_values_are_revealed_where_they_must_be_and_nowhere_else() -> None:
    found: Counter[str] = Counter()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "reveal":
                found[str(path.relative_to(ROOT))] += 1
    assert dict(found) == ALLOWED
