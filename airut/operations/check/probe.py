"""What a probe container has found in a sandbox, judged (spec: sandbox §2, network §1). Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from airut.models.base import Model
from airut.operations.check.finding import Finding, fail, ok

NONE = "0" * 16
ALWAYS: Mapping[str, object] = {
    "no new privileges": "1",
    "seccomp": "2",
    "host name": "sandbox",
    "processes of others": False,
    "core files": 0,
    "writing to /run/airut": "EROFS",
    "writing to /tmp": "ok",
    "writing to /workspace": "ok",
    "writing to /proc/sys": "EROFS",
    "writing to cgroups": "EROFS",
    "mounting": "EPERM",
    "a user namespace": "EPERM",
    "a network namespace": "EPERM",
    "a device": "EPERM",
    "a raw socket": "EPERM",
    "tracing PID 1": "EPERM",
    "sockets of engines": [],
}
DEFAULT: Mapping[str, object] = {
    "user": "1000",
    "groups": ["1000"],
    "capabilities": NONE,
    "writing to /": "EROFS",
    "writing to /etc": "EROFS",
    "becoming root": "EPERM",
}
"""Of `sandbox.profile: default`; with `root` these are otherwise by intention."""
PROXY = {"53": "ok", "80": "ok", "443": "ok"}
REMEDY = "run nothing here until it holds: see docs/security.md, and tell us with the output of `podman info`"


class Inside(Model):
    hardening: dict[str, Any]
    network: dict[str, Any]


def judge(output: bytes, *, root: bool) -> Iterator[Finding]:
    """`output` is what `inside.py` has printed. `root`: whether `sandbox.profile` is."""
    try:
        found = Inside.model_validate(json.loads(output))
    except ValueError:
        yield fail("hardening", "the probe container said nothing that can be read", REMEDY)
        return
    expected = ALWAYS if root else {**ALWAYS, **DEFAULT}
    wrong = [
        f"{row}: {found.hardening.get(row)!r}, must be {wanted!r}"
        for row, wanted in expected.items()
        if found.hardening.get(row) != wanted
    ]
    if wrong:
        yield from (fail("hardening", each, REMEDY) for each in wrong)
    else:
        yield ok("hardening", f"{len(expected)} rows hold in a probe container")
    yield from _network(found.network)


def _network(found: Mapping[str, Any]) -> Iterator[Finding]:
    if found.get("proxy") != PROXY:
        yield fail("fence", f"the proxy does not answer on every port: {found.get('proxy')}", REMEDY)
    elif found.get("default route") or found.get("interfaces") != ["eth0", "lo"]:
        yield fail("fence", f"there is another way out: {found.get('interfaces')}", REMEDY)
    elif found.get("reached"):
        yield fail("fence", f"reached from inside: {', '.join(found['reached'])}", REMEDY)
    else:
        yield ok("fence", "the proxy answers, and nothing else does")
