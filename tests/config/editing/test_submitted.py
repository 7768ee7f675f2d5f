"""What is filled in means a value of the key's own kind."""

import pytest

from airut.config.editing.document import Document
from airut.config.editing.forms import Control, as_name, sections
from airut.config.editing.submitted import applied, key_of, typed
from airut.config.editing.values import Reference, Value
from airut.errors import ConfigError


@pytest.mark.parametrize(
    ("path", "written", "value"),
    [
        (("limits", "pids"), "99", 99),
        (("limits", "pids"), "unlimited", "unlimited"),
        (("limits", "pids"), "many", "many"),
        (("limits", "cpus"), "2.5", 2.5),
        (("limits", "time"), " 45m ", "45m"),
        (("limits", "time"), "!var t", Reference(tag="!var", name="t")),
        (("limits", "host_sandboxes"), "null", None),
        (("disk", "min_free"), "15%", "15%"),
        (("dashboard", "enabled"), "false", False),
        (("dashboard", "enabled"), "maybe", "maybe"),
        (("dashboard", "allowed_hosts"), "a.example\n\n b.example \n", ["a.example", "b.example"]),
        (("dashboard", "allowed_hosts"), "!var hosts", Reference(tag="!var", name="hosts")),
        (("state_dir",), "!no tag", "!no tag"),
        (("repos", "web", "default_branch"), "yes", "yes"),
        (("repos", "web", "channels", "email", "imap", "port"), "993", 993),
        (("repos", "web", "agent", "system_prompt"), "Be brief.\n\nBe kind.\n", "Be brief.\n\nBe kind.\n"),
        (("repos", "web", "channels", "slack", "authorized"), "[{user_id: U1}]", [{"user_id": "U1"}]),
        (("repos", "web", "channels", "slack", "authorized"), "[{", "[{"),
        (("repos", "web", "channels", "slack", "authorized"), "1\nb: 2", "1\nb: 2"),
        (("repos", "web", "build", "allowlist", "presets"), "[apt]", ["apt"]),
        (("vars", "x"), "5", 5),
    ],
)  # fmt: skip
def test_texts_as_values(path: tuple[str, ...], written: str, value: Value) -> None:
    assert typed(key_of(path), written) == value


@pytest.mark.parametrize("path", [("nothing",), ("limits", "tmie"), ("repos", "web", "x"), ("limits", "time", "x")])
def test_a_place_that_the_schema_does_not_have(path: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=f"{path[-1]}: there is no such key"):
        key_of(path)


def test_every_field_of_every_form_says_what_stands_there_and_changes_nothing_by_itself() -> None:
    """Whatever a file has: the forms show it, and sent back untouched they are no change."""
    file = Document(
        "config_version: 1\nlimits: {pids: unlimited, cpus: 2}\nvars: {a: [1, x], b: null}\n"
        "repos:\n  web:\n    url: !var a\n    agent:\n      system_prompt: |\n        a\n\n        b\n      auth:\n"
        "        accounts: [{api_key: x}, {oauth_token: !env T}]\n"
        "    credentials: {A: {kind: aws, access_key_id: !env I, secret_access_key: {command: [a]}, hosts: [a.b]}}\n"
        "    channels: {slack: {authorized: [{user_id: U1}]}, email: {oauth2: {provider: generic, scope: s}}}\n"
        "    schedules: {n: {cron: '@daily', prompt: p, deliver: {email: [a@b.c]}}}\n"
    )
    for above in ((), ("repos", "web")):
        nodes = key_of(("repos", "web")).below if above else tuple(key_of((name,)) for name in ("vars", "limits"))
        shown = list(sections(nodes, above, file))
        given: dict[str, str] = {}
        while shown:
            section = shown.pop()
            shown += section.sections
            for field in section.fields:
                given |= {f"set:{field.name}": field.value.replace("\n", "\r\n"), f"was:{field.name}": field.was}
                if field.control is Control.SECRET:
                    assert field.value in ("", "!env T", "!env I")
        result = applied(file, given, lambda wanted, present: wanted)
        assert (result.document.text, result.changed, len(given) > 10) == (file.text, (), True)


def test_of_two_kinds_of_an_entry_that_one_is_shown_which_the_file_has() -> None:
    file = Document("repos: {web: {credentials: {A: {kind: aws}, B: {kind: github_app}, C: {hosts: [x]}}}}\n")
    [credentials] = [
        s for s in sections(key_of(("repos", "web")).below, ("repos", "web"), file) if s.label == "credentials"
    ]
    assert credentials.variants == ("kind: token", "kind: aws", "kind: github_app")
    assert [[field.label for field in entry.fields][:3] for entry in credentials.sections] == [
        ["kind", "access_key_id", "secret_access_key"],
        ["kind", "app_id", "installation_id"],
        ["kind", "value", "optional"],
    ]
    assert credentials.sections[0].fields[0].choices == ("token", "aws", "github_app")
    assert credentials.sections[0].name == as_name(("repos", "web", "credentials", "A"))


def test_two_new_secrets_never_share_a_variable() -> None:
    given = {
        f"secret:{as_name(('repos', 'web', 'credentials', name, 'value'))}": name for name in ("a-b", "a_b", "a.b")
    }
    result = applied(Document("config_version: 1\n"), given, lambda wanted, present: present or wanted)
    assert result.secrets == {
        "WEB_CREDENTIALS_A_B_VALUE": "a-b",
        "WEB_CREDENTIALS_A_B_VALUE_2": "a_b",
        "WEB_CREDENTIALS_A_B_VALUE_2_2": "a.b",
    }
