"""Our profile of system calls is the engine's, less the making of namespaces."""

from airut.adapters.podman.seccomp import NAMESPACES, Profile, without_namespaces

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
