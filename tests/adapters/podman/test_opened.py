"""A repository with `network.enabled: false`: its sandboxes have no fence, and nobody else's lose theirs."""

import json
import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from airut.adapters.podman.engine import Engine
from airut.adapters.podman.opened import with_real_values
from airut.models.credentials.aws import AwsCredential
from airut.models.credentials.kinds import Credential, any_for_sandbox
from airut.models.credentials.secret import Secret
from airut.models.hosts.sandbox import NetworkSpec
from tests.contract.sandbox import Stage

SCOPE = {"key": b"k" * 32, "thread": "t", "repo": "web", "slug": "acme/web"}
TOKEN = any_for_sandbox("TOKEN", Credential(value=Secret("ghp_" + "R" * 36), hosts=("api.test",)), **SCOPE)  # type: ignore[arg-type]
AWS = any_for_sandbox(
    "AWS",
    AwsCredential(
        kind="aws", access_key_id=Secret("AKIA" + "Q" * 16), secret_access_key=Secret("s" * 40), hosts=("aws.test",)
    ),
    **SCOPE,  # type: ignore[arg-type]
)


@pytest.fixture
def outside() -> Iterator[tuple[str, int]]:
    """A server on this host's own address, which no fence lets anybody reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        route.connect(("192.0.2.1", 9))
        address = route.getsockname()[0]
    with socket.create_server((address, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.sendall(b"reached\n")
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)


def test_real_values_stand_where_surrogates_stood() -> None:
    text = json.dumps(TOKEN.environment() | AWS.environment())
    assert json.loads(with_real_values(text, (TOKEN, AWS))) == {
        "TOKEN": "ghp_" + "R" * 36,
        "AWS_ACCESS_KEY_ID": "AKIA" + "Q" * 16,
        "AWS_SECRET_ACCESS_KEY": "s" * 40,
    }


@pytest.mark.parametrize("enabled", [True, False])
async def test_without_a_fence(
    stage: Stage,
    engine: Engine,
    outside: tuple[str, int],
    caplog: pytest.LogCaptureFixture,
    enabled: bool,
) -> None:
    host, port = outside
    ask = f"import socket; print(socket.create_connection(('{host}', {port}), 30).recv(99))"
    spec = stage.spec(
        f'echo "$TOKEN"; grep -c . /etc/resolv.conf; python3 -c "{ask}" 2>&1 | tail -1',
        environment=TOKEN.environment(),
        network=NetworkSpec(
            enabled=enabled, allowlist=None, repository="acme/web", granted_presets=(), credentials=(TOKEN,)
        ),
    )
    with caplog.at_level(logging.WARNING):
        ref = await stage.sandboxes.start(spec)
    told = await engine.get(f"/containers/{ref.container}/json", "inspect")
    output, ended = await stage.rest(ref)
    await stage.sandboxes.remove(spec.sandbox_id)
    token, resolvers, answer = output.decode().splitlines()
    assert (ended.code, resolvers != "0") == (0, True)
    assert (token == "ghp_" + "R" * 36, answer == "b'reached\\n'") == (not enabled, not enabled)
    assert "R" * 36 not in json.dumps(told)
    warned = [record.message for record in caplog.records if "has no fence" in record.message]
    assert len(warned) == (0 if enabled else 1)
    assert ("Network is unreachable" in answer) is enabled
    for name in (f"airut-proxy-{spec.sandbox_id}", f"airut-{spec.sandbox_id}"):
        assert await engine.get(f"/containers/{name}/json", "inspect") is None
    assert await engine.get(f"/networks/airut-{spec.sandbox_id}/json", "inspect") is None
