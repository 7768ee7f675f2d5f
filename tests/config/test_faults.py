"""What each mistake in `airut.yaml` is told, all of them at once, each with its place."""

from pathlib import Path

import pytest

from airut.config.load import load_config
from airut.errors import ConfigError

ENVIRONMENT = {"NUMBER": "5", "WORD": "hunter2-is-secret", "HOUR": "1h"}
REPO = """\
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {console: {}}
    agent: {auth: {api_key: sk-ant-api03-no-model-is-asked-here}}
"""


def told(folder: Path, text: str) -> list[str]:
    """One line for each fault, without the file's name."""
    file = folder / "airut.yaml"
    file.write_text(text)
    try:
        load_config(file, ENVIRONMENT)
    except ConfigError as error:
        return [line.removeprefix(f"{file}:") for line in str(error).splitlines()]
    return []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("limits: {memroy: 8g}", '2:10: limits.memroy: unknown key; nearest is "memory"'),
        ("limits: {xyzzy: 8g}", "2:10: limits.xyzzy: unknown key"),
        ("limitz: {}", '2:1: limitz: unknown key; nearest is "limits"'),
        ("temporal: {codec: {enabeld: true}}", '2:20: temporal.codec.enabeld: unknown key; nearest is "enabled"'),
        ("limits: {time: 5s}", "2:16: limits.time: 5s is below the minimum 10s"),
        ("limits: {time: 8d}", "2:16: limits.time: 8d is above the maximum 7d"),
        ("limits: {memory: 1m}", "2:18: limits.memory: 1m is below the minimum 32m"),
        ("limits: {cpus: 0}", "2:16: limits.cpus: 0 is too little: it must be more than 0"),
        ("disk: {min_free: 100%}", "2:18: disk.min_free: 100% is too much: it must be less than 100%"),
        ("sandbox: {warm: many}", "2:17: sandbox.warm: many is not a whole number"),
        ("sandbox: {warm: 1.5}", "2:17: sandbox.warm: 1.5 is not a whole number"),
        ("sandbox: {network: {ipv6: maybe}}", "2:27: sandbox.network.ipv6: maybe is not true or false"),
        ("sandbox: {network: 5}", "2:20: sandbox.network: 5 is not a section: {key: value}"),
        ("network: {upstream_dns: 1.1.1.1}", "2:25: network.upstream_dns: 1.1.1.1 is not a list: [one, another]"),
        ("network: {model_hosts: [yes]}", "2:25: network.model_hosts.0: true is not text; put it in quotes"),
        ("temporal: {namespace: 5}", "2:23: temporal.namespace: 5 is not text; put it in quotes"),
        ("limits: {time: !env NOBODY}", "2:16: limits.time: environment variable NOBODY is not set"),
        ("limits: {pids: !env WORD}", "2:16: limits.pids: the value is not a whole number"),
        ("limits: {pids: !env NUMBER}", "2:16: limits.pids: the value is below the minimum 16"),
        ("limits: {time: !file nothing}", "2:16: limits.time: nothing: No such file or directory"),
        ("limits: {time: !file {paht: x}}", "2:16: limits.time: write !file path, or !file {path: …, allow_group: true}"),
        ("limits: {time: !var hour}", "2:16: limits.time: vars.hour is not defined"),
        ("vars: {a: 1h, b: !var a}", "2:18: vars.b: vars hold no !var"),
        ("limits: {time: !vra hour}", "2:16: limits.time: unknown tag !vra; known are !env, !var, !file"),
        ("limits: {pids: 99, pids: 98}", "2:20: pids stands here twice"),
        ("vars: {a: &a {b: *a}}", "2:15: vars.a.b: refers to itself; an alias cannot stand within what it names"),
        ("limits: &l {<<: *l}", "2:9: limits: refers to itself; an alias cannot stand within what it names"),
        ("limits: {<<: 5}", "2:9: limits: << takes a mapping, or a list of mappings"),
        ("limits: {pids: }", "2:15: limits.pids: write unlimited"),
        ("limits: [", "3:1: did not find expected node content"),
    ],
)  # fmt: skip
def test_each_fault_is_told_in_a_line(tmp_path: Path, line: str, fault: str) -> None:
    found = told(tmp_path, f"config_version: 1\n{line}\n")
    if line.endswith("["):
        assert len(found) == 1
        assert found[0].startswith("3:1: ")
    else:
        assert found == [fault]


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "airut.yaml").write_bytes(b"config_version: 1\n# \xff\n")
    with pytest.raises(ConfigError, match=r"airut\.yaml: is not UTF-8"):
        load_config(tmp_path / "airut.yaml", {})
    assert told(tmp_path, "config_version: 1\n# \x07\n")[0].endswith("special characters are not allowed")
    assert told(tmp_path, "[]\n")[0].endswith("the file must be a mapping; `airut init` writes one to start from")


def test_all_of_them_at_once_and_none_of_a_value_that_was_read(tmp_path: Path) -> None:
    text = (
        "config_version: 1\n"
        "vars: {word: !env WORD}\n"
        "limits: {pids: !var word, tmie: !vra x, time: 1s}\n" + REPO + "    credentials: {A: {valeu: !env WORD}}\n"
    )
    assert told(tmp_path, text) == [
        "3:33: limits.tmie: unknown tag !vra; known are !env, !var, !file",
        "3:16: limits.pids: the value is not a whole number",
        "3:47: limits.time: 1s is below the minimum 10s",
        "9:22: repos.web.credentials.A.value: is required",
        "9:22: repos.web.credentials.A.hosts: is required",
        '9:23: repos.web.credentials.A.valeu: unknown key; nearest is "value"',
    ]


@pytest.mark.parametrize(
    ("credential", "nearest"),
    [
        ("{kind: aws, access_key_id: A, secret_access_key: B, hosts: [a.test], regoins: [x]}", "regions"),
        ("{kind: github_app, app_id: 1, instalation_id: 2, private_key: C}", "installation_id"),
    ],
)
def test_the_nearest_key_of_the_kind_that_is_meant(tmp_path: Path, credential: str, nearest: str) -> None:
    found = told(tmp_path, f"config_version: 1\n{REPO}    credentials: {{A: {credential}}}\n")
    assert any(line.endswith(f'unknown key; nearest is "{nearest}"') for line in found)


@pytest.mark.parametrize(
    ("line", "path", "value"),
    [
        ('sandbox: {warm: "5"}', ("sandbox", "warm"), 5),
        ("sandbox: {warm: !env NUMBER}", ("sandbox", "warm"), 5),
        ("limits: {time: !env HOUR}", ("limits", "time"), 3600),
        ("vars: {h: !env HOUR}\nlimits: {time: !var h}", ("limits", "time"), 3600),
        ('temporal: {namespace: "yes"}', ("temporal", "namespace"), "yes"),
        ("sandbox: {network: {ipv6: yes}}", ("sandbox", "network", "ipv6"), True),
        ("vars: {l: &l {pids: 50, nofile: 1}}\nlimits: {<<: {pids: 40, time: 1h}, time: 2h}", ("limits", "time"), 7200),
        ("limits: {<<: [{pids: 40}, {pids: 50}]}", ("limits", "pids"), 40),
    ],
)
def test_a_value_has_the_type_of_its_field(tmp_path: Path, line: str, path: tuple[str, ...], value: object) -> None:
    (tmp_path / "airut.yaml").write_text(f"config_version: 1\n{line}\n")
    found: object = load_config(tmp_path / "airut.yaml", ENVIRONMENT)
    for name in path:
        found = getattr(found, name)
    assert found == value
