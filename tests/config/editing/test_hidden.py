"""No secret that stands in the file is shown, and none is lost when it is saved again."""

import pytest

from airut.config.editing.hidden import hidden

FILE = """\
config_version: 1
vars: {pw: SECRET-var, team: [a@b.c], key: !env KEY}
temporal: {codec: {keys: {k: SECRET-codec}}}   # keys
repos:
  web:
    url: https://x.example/a/b
    agent:
      auth:
        on_limit: next
        accounts:
          - api_key: SECRET-one
          - {oauth_token: !env TOKEN}
    env: {CI: "1", DEPLOY_TOKEN: ghp_SECRETabcdefghijklmnopqrstuvwxyz0123456}
    credentials:
      GH: {value: 'SECRET, "quoted"', hosts: [a.b]}
      APP:
        kind: github_app
        private_key: |
          SECRET line one
          SECRET line two
        app_id: 1
      AWS: {kind: aws, access_key_id: SECRET-id, secret_access_key: {command: [vault, read]}}
    channels:
      email:
        account: {username: bot, password: !var pw}
      slack: {app_token: !file token, bot_token: SECRET-bot}   # both
"""


def test_marks_stand_for_secrets_and_for_nothing_else() -> None:
    found = hidden(FILE)
    assert "SECRET" not in found.text
    assert (len(found.originals), found.text.count("‹hidden ")) == (8, 8)
    assert "team: [a@b.c], key: !env KEY}" in found.text
    assert "app_id: 1" in found.text
    assert "{command: [vault, read]}" in found.text
    assert "bot_token: ‹hidden 8›}   # both\n" in found.text
    assert found.restored(found.text) == FILE
    assert found.restored("a: ‹hidden 2› ‹hidden 77›") == "a: SECRET-codec ‹hidden 77›"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a: [\nrepos: {web: {auth: {api_key: SECRET}}}\n", "a: [\nrepos: {web: {auth: {api_key: ‹hidden 1›\n"),
        ("a: [\n  password:   'SECRET x' # c\n  b: 1\n", "a: [\n  password:   ‹hidden 1›\n  b: 1\n"),
        ("a: [\n  private_key: |\n    SECRET\n\n    SECRET\n  b: 1\n", "a: [\n  private_key: ‹hidden 1›\n  b: 1\n"),
        (
            "a: [\n  password: !env PW\n  token: {command: [x]}\n",
            "a: [\n  password: !env PW\n  token: {command: [x]}\n",
        ),
        (
            "vars:\n  pw: SECRET\n\n  key: !env K\n  b: [c]\nlimits: {time: 1s\n",
            "vars:\n  pw: ‹hidden 1›\n\n  key: !env K\n  b: [c]\nlimits: {time: 1s\n",
        ),
        ("vars: {pw: SECRET, k: !env K}\na: [\n", "vars: {pw: ‹hidden 1›, k: !env K}\na: [\n"),
    ],
)
def test_a_file_that_cannot_be_read_goes_by_the_names_of_keys(written: str, shown: str) -> None:
    found = hidden(written)
    assert found.text == shown
    assert found.restored(found.text) == written
