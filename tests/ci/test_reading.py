"""What `.airut/sandbox.yaml` may say, and what is said of the rest."""

from pathlib import Path

import pytest

from airut.ci.mounts import WrittenMount
from airut.ci.reading import read_settings
from airut.ci.settings import RunLimits, SandboxFile
from airut.errors import ConfigError

TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "---\n"])
def test_without_words_all_is_as_it_is_by_itself(text: str | None) -> None:
    assert read_settings(text, "s") == SandboxFile()


def test_what_it_says(tmp_path: Path) -> None:
    (secret := tmp_path / "token").write_text(TOKEN)
    secret.chmod(0o600)
    found = read_settings(
        "env: {LEVEL: debug}\npass_env: [CI]\nlimits: {memory: 2g, time: 10m, cpus: unlimited}\n"
        f"credentials:\n  A: {{value: !env GIVEN, hosts: [a.test]}}\n  B: {{value: !file {secret}, hosts: [b.test]}}\n"
        "mounts: ['fixtures:/data:ro']\ncontainer: {path: ci/image}\n",
        "s",
        {"GIVEN": TOKEN},
    )
    assert (found.env, found.pass_env, found.container.path) == ({"LEVEL": "debug"}, ("CI",), "ci/image")
    assert found.limits == RunLimits.model_validate({"memory": "2g", "time": "10m", "cpus": "unlimited"})
    assert found.mounts == (WrittenMount(source="fixtures", target="/data", writable=False),)
    assert sorted(found.credentials) == ["A", "B"]
    assert TOKEN not in repr(found)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("evn: {}", 's:2:1: evn: unknown key; nearest is "env"'),
        ("limits: {memroy: 1g}", 's:2:10: limits.memroy: unknown key; nearest is "memory"'),
        ("limits: {time: 0}", "s:2:16: limits.time: 0 is below the minimum 1s"),
        (
            "mounts: ['/etc:/data']",
            "s:2:10: mounts.0: /etc: only folders of the repository; others are given by --mount",
        ),
        ("mounts: ['a:/usr/x']", "s:2:10: mounts.0: "),
        ("mounts: ['../a:/data']", "s:2:10: mounts.0: ../a: `..` is not allowed"),
        ("env: {PATH: x}", "'PATH' cannot be used as a variable in the sandbox"),
        (
            "env: {A: x}\ncredentials: {A: {value: !env GIVEN, hosts: [a.test]}}",
            "A stands in env and in credentials; keep one",
        ),
        ("credentials: {A: {value: !file token, hosts: [a.test]}}", "token must be an absolute path"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(line: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_settings(f"---\n{line}\n", "s", {"GIVEN": TOKEN})
    assert fault in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_a_secret_is_not_written_out() -> None:
    with pytest.raises(ConfigError) as raised:
        read_settings(f"credentials: {{A: {{value: {TOKEN}, hosts: [a.test]}}}}\n", "s")
    assert "write !env NAME" in str(raised.value)
    assert TOKEN not in str(raised.value)
