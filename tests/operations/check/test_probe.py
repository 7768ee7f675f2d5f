"""A sandbox seen from inside: what counts as whole, and a real one."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from airut.config.load import load_config
from airut.operations.check.finding import fail, ok
from airut.operations.check.probe import ALWAYS, DEFAULT, PROXY, REMEDY, judge
from workers.probe_wiring import probed

CONFIG = """\
config_version: 1
state_dir: {state}
limits: {{enforce: best_effort}}
"""
WELL: dict[str, Any] = {
    "hardening": {**ALWAYS, **DEFAULT},
    "network": {"proxy": PROXY, "default route": False, "interfaces": ["eth0", "lo"], "reached": [], "name": "ok"},
}
HOLDS = ok("hardening", "23 rows hold in a probe container")
FENCED = ok("fence", "the proxy answers, and nothing else does")


def said(*, root: bool = False, hardening: dict[str, Any] | None = None, **network: object) -> tuple[object, ...]:
    found = {"hardening": WELL["hardening"] | (hardening or {}), "network": WELL["network"] | network}
    return tuple(judge(json.dumps(found).encode(), root=root))


def test_a_whole_one() -> None:
    assert said() == (HOLDS, FENCED)


def test_each_hole_is_named() -> None:
    assert said(hardening={"mounting": "ok", "seccomp": "0"}) == (
        fail("hardening", "seccomp: '0', must be '2'", REMEDY),
        fail("hardening", "mounting: 'ok', must be 'EPERM'", REMEDY),
        FENCED,
    )
    assert said(proxy=PROXY | {"443": "ECONNREFUSED"})[1] == fail(
        "fence", "the proxy does not answer on every port: {'53': 'ok', '80': 'ok', '443': 'ECONNREFUSED'}", REMEDY
    )
    for network in ({"default route": True}, {"interfaces": ["eth0", "eth1", "lo"]}):
        assert said(**network)[1].says.startswith("there is another way out: ")  # type: ignore[attr-defined]
    assert said(reached=["1.1.1.1:443"])[1] == fail("fence", "reached from inside: 1.1.1.1:443", REMEDY)


def test_root_in_its_container_is_by_intention() -> None:
    changed = {"user": "0", "writing to /": "ok", "becoming root": "ok"}
    assert said(root=True, hardening=changed) == (ok("hardening", "17 rows hold in a probe container"), FENCED)
    assert len(said(hardening=changed)) == 4


@pytest.mark.parametrize("output", [b"", b"Killed\n", b"{}"])
def test_a_probe_that_says_nothing(output: bytes) -> None:
    assert tuple(judge(output, root=False)) == (
        fail("hardening", "the probe container said nothing that can be read", REMEDY),
    )


async def test_a_real_sandbox(tmp_path: Path) -> None:
    if os.getuid() == 0 or not shutil.which("podman"):
        pytest.skip("needs rootless Podman: run it as `scripts/lab -- python -m pytest …`")
    (file := tmp_path / "airut.yaml").write_text(CONFIG.format(state=tmp_path / "state"))
    config = load_config(file)
    shutil.copytree(Path.home() / ".cache" / "airut" / "tests-ca", config.state / "ca")  # an image of it is there
    assert await probed(config) == (HOLDS, FENCED)
    assert [path.name for path in config.state.iterdir()] == ["ca"]
