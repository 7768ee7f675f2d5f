"""`sandbox.network.ipv6`: the proxy has an address of each family, and there is no other way out by either."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.network import Subnet
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import SandboxSettings
from airut.models.hosts.sandbox import NetworkSpec
from tests.contract.sandbox import Stage

SCRIPT = """
python3 - <<'END'
import socket
print(socket.getaddrinfo("www.example.com", 443, socket.AF_INET6, socket.SOCK_STREAM)[0][4][0])
END
curl -6 -s -o /dev/null -w '%{http_code} %{http_version}\\n' https://www.example.com/x
curl -6 -s -o /dev/null -w '%{http_code}\\n' https://www.example.net/x
curl -4 -s -o /dev/null -w '%{http_code}\\n' https://www.example.com/x
python3 - <<'END'
import os, socket
for address in os.environ["OUTSIDE"].split():
    try:
        socket.create_connection((address, 443), 2)
        print("out")
    except OSError as error:
        print(error.strerror)
END
"""


@pytest.mark.parametrize("warm", [0, 1])
async def test_a_sandbox_with_both_families(
    engine: Engine,
    settings: SandboxSettings,
    root: RootCa,
    proxy_image: str,
    image: str,
    allowed: NetworkSpec,
    tmp_path: Path,
    warm: int,
) -> None:
    runtime = settings.runtime.parent / f"six-{warm}"
    settings = dataclasses.replace(settings, ipv6=True, warm=warm, installation=f"six-{warm}", runtime=runtime)
    sandboxes = PodmanSandboxes(engine, settings, FenceRules(root), proxy_image)
    await sandboxes.open()
    outside = f"{os.environ['AIRUT_LAB_ECHO6']} {os.environ['AIRUT_LAB_PRIVATE6']}"
    spec = Stage(sandboxes=sandboxes, folder=tmp_path, image=image).spec(
        SCRIPT, network=allowed, environment={"OUTSIDE": outside}
    )
    try:
        ref = await sandboxes.start(spec)
        output, _ = await Stage(sandboxes=sandboxes, folder=tmp_path).rest(ref)
        described = json.loads((runtime / spec.sandbox_id / "fence.json").read_text())
        ours = Subnet.parse(described["subnet"]).proxy6
        assert output.decode().splitlines() == [
            ours, "200 2", "403", "200", "Network is unreachable", "Network is unreachable",
        ]  # fmt: skip
    finally:
        await sandboxes.close()
        await sandboxes.remove(spec.sandbox_id)
        await sandboxes.discard_warm()
