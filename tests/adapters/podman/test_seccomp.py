"""Our profile of system calls is the engine's, less the making of namespaces."""

import json
from pathlib import Path

import pytest

from airut.adapters.podman.engine import Engine
from airut.adapters.podman.seccomp import NAMESPACES, Profile, SeccompProfile, loosened, without_namespaces
from airut.errors import ConfigError

EVERY = 0x7E02_0000


def test_stricter_and_nothing_else() -> None:
    engine: Profile = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [
            {"names": ["clone", "clone3", "read", "unshare"], "action": "SCMP_ACT_ALLOW", "args": []},
            {"names": ["unshare"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        ],
    }
    made = without_namespaces(engine)
    assert made["defaultAction"] == "SCMP_ACT_ERRNO"
    assert made["syscalls"][0] == {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": []}
    of_clone = [rule for rule in made["syscalls"] if rule["names"] == ["clone"]]
    refused = [rule["args"][0]["value"] for rule in of_clone if rule["action"] == "SCMP_ACT_ERRNO"]
    assert sorted(refused) == sorted(NAMESPACES)
    assert [rule["args"] for rule in of_clone if rule["action"] == "SCMP_ACT_ALLOW"] == [
        [{"index": 0, "value": EVERY, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    ]
    names = [name for rule in made["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]]
    assert names == ["read", "clone", "unshare"]
    assert engine["syscalls"][0]["names"] == ["clone", "clone3", "read", "unshare"]  # the given one is left alone


def rule(name: str, action: str = "ALLOW", caps: tuple[str, ...] = ()) -> Profile:
    return {"names": [name], "action": f"SCMP_ACT_{action}", "includes": {"caps": list(caps)}}


def test_what_another_profile_lets_through_besides() -> None:
    engine: Profile = {
        "syscalls": [rule("read"), rule("write"), rule("mount", caps=("CAP_SYS_ADMIN",)), rule("bpf", "ERRNO")]
    }
    same = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [{"name": "read", "action": "SCMP_ACT_ALLOW"}, rule("bpf", "KILL")],
    }
    more = {"defaultAction": "SCMP_ACT_KILL", "syscalls": [rule("mount"), rule("bpf", "LOG"), rule("read")]}
    assert loosened(same, engine) == []
    assert loosened(more, engine) == ["bpf", "mount"]
    assert loosened({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}, engine) == ["*"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}', r"does not \(\*\); it may only be stricter"),
        ('{"syscalls": [{"names": ["no_such_call"], "action": "SCMP_ACT_ALLOW"}]}', r"does not \(no_such_call\)"),
        ("no json", r"cannot be read as a seccomp profile \(JSONDecodeError\)"),
        ("[]", r"cannot be read as a seccomp profile"),
        (None, r"cannot be read as a seccomp profile \(FileNotFoundError\)"),
    ],
)
async def test_a_named_profile_may_only_be_stricter(
    engine: Engine, tmp_path: Path, text: str | None, told: str
) -> None:
    file = tmp_path / "named.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=told):
        await SeccompProfile(engine, tmp_path, file).path()


async def test_a_stricter_one_is_taken_and_has_no_namespaces_either(engine: Engine, tmp_path: Path) -> None:
    usual: Profile = json.loads((await SeccompProfile(engine, tmp_path).path()).read_bytes())
    file = tmp_path / "named.json"
    file.write_text(json.dumps(usual | {"syscalls": [r for r in usual["syscalls"] if r["names"] != ["unshare"]]}))
    made: Profile = json.loads((await SeccompProfile(engine, tmp_path, file).path()).read_bytes())
    assert [r["action"] for r in made["syscalls"] if r["names"] == ["unshare"]].count("SCMP_ACT_ERRNO") == len(
        NAMESPACES
    )
