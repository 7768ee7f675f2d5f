"""Credentials that are exchanged for others, through the real proxy: the sandbox never holds one that works elsewhere."""

import asyncio
import json
import re
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from airut.demo.internet import Internet
from proxy.aws import signature
from tests.adapters.podman.conftest import podman  # noqa: F401  # fixture
from tests.proxy.aws.signers import judged_by_botocore, signed_by_botocore
from tests.proxy.aws.test_end_to_end import as_received
from tests.proxy.documents import PROXY, aws, credential, entry, rules
from tests.proxy.fence import Fence
from tests.proxy.registry import Registry
from tests.proxy.test_concealment import STS
from tests.proxy.upstreams import Echo, once

HOST = "registry.test"
SCOPE = "/token?service=registry.test&scope=repository:acme/tool:pull"


async def serve(fence: Fence, **given: Any) -> tuple[Registry, dict[str, Any], str]:
    registry = Registry(HOST, "real-value-of-REGISTRY")
    port = await fence.upstream(HOST, registry)
    registry.host = f"{HOST}:{port}"
    ours = credential("REGISTRY", hosts=[HOST], ports=[port], **given)
    await fence.use(rules(entry(HOST, ports=[port]), credentials=[ours]))
    return registry, ours, f"https://{HOST}:{port}"


async def log_in(client: httpx.AsyncClient, ours: Mapping[str, Any], url: str) -> dict[str, Any]:
    answer = await client.get(url + SCOPE, auth=("robot", ours["surrogate"]))
    assert answer.status_code == 200
    return dict(answer.json())


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
async def test_a_registrys_token(fence: Fence, http2: bool) -> None:
    registry, ours, url = await serve(fence)
    async with fence.client(http2=http2) as client:
        answer = await log_in(client, ours, url)
        surrogate = answer["token"]
        assert answer == {"token": surrogate, "access_token": surrogate, "expires_in": 300}
        assert (surrogate not in registry.tokens, len(surrogate)) == (True, len(registry.tokens[0]))
        used = await client.get(f"{url}/v2/", headers={"Authorization": f"Bearer {surrogate}"})
        foreign = await client.get(f"{url}/v2/", headers={"Authorization": f"Bearer {surrogate[::-1]}"})
    assert (used.status_code, foreign.status_code) == (200, 401)
    assert registry.seen[1:] == [f"GET /v2/ Bearer {registry.tokens[0]}", "GET /v2/"]
    lines = await fence.logged(3)
    assert [line.get("credentials") for line in lines] == [["REGISTRY"], ["REGISTRY/minted"], None]
    assert [line.get("scrubbed") for line in lines] == [1, None, None]
    assert not any(token in fence.log_file.read_text() for token in registry.tokens)


async def test_a_token_of_before_a_restart_is_asked_for_again(own_fence: Fence) -> None:
    registry, ours, url = await serve(own_fence)

    async def use(client: httpx.AsyncClient, token: str) -> int:
        return (await client.get(f"{url}/v2/", headers={"Authorization": f"Bearer {token}"})).status_code

    async with own_fence.client() as client:
        token = (await log_in(client, ours, url))["token"]
        assert await use(client, token) == 200
    assert own_fence.process is not None
    own_fence.process.send_signal(signal.SIGKILL)
    await own_fence.process.wait()
    (own_fence.folder / "log" / "ready").unlink()
    await own_fence.start(json.loads(own_fence.rules_file.read_text()))
    async with own_fence.client() as client:
        assert await use(client, token) == 401
        assert await use(client, (await log_in(client, ours, url))["token"]) == 200
    used = [line.removeprefix("GET /v2/").strip() for line in registry.seen if line.startswith("GET /v2/")]
    assert used == [f"Bearer {registry.tokens[0]}", "", f"Bearer {registry.tokens[1]}"]


async def test_a_path_that_the_configuration_names(fence: Fence) -> None:
    echo = Echo()
    body = b'{"key": "a-key-that-was-handed-out-once"}'
    head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    port, other = await fence.upstream("api.test", once(head + body)), await fence.upstream("use.test", echo)
    mint = {"path": "/v1/keys", "fields": ["/key"], "hosts": ["use.test"], "ttl": 60}
    ours = credential("API", hosts=["api.test"], ports=[port, other], mints=[mint], headers=["X-Api-Key"])
    await fence.use(rules(entry("api.test", ports=[port]), entry("use.test", ports=[other]), credentials=[ours]))
    async with fence.client() as client:
        got = await client.post(f"https://api.test:{port}/v1/keys", headers={"X-Api-Key": ours["surrogate"]})
        await client.get(f"https://use.test:{other}/", headers={"X-Api-Key": got.json()["key"]})
        await client.get(f"https://use.test:{other}/", headers={"X-Api-Key": "of-the-attacker-0123456789"})
    assert "a-key-that-was-handed-out-once" not in got.text
    assert "x-api-key: a-key-that-was-handed-out-once\r\n" in echo.heads[0].lower()
    assert "x-api-key" not in echo.heads[1].lower()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\ntoken", 502),
        (b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nnever", 404),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken", None),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    ],
)
async def test_an_answer_that_cannot_be_read(fence: Fence, answer: bytes, status: int | None) -> None:
    port = await fence.upstream(HOST, once(answer))
    await fence.use(rules(entry(HOST, ports=[port]), credentials=[credential("REGISTRY", hosts=[HOST], ports=[port])]))
    async with fence.client() as client:
        if status is None:  # its head had gone on already
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"https://{HOST}:{port}/token")
        else:
            assert (await client.get(f"https://{HOST}:{port}/token")).status_code == status


@pytest.mark.parametrize("allowed", [True, False])
async def test_keys_of_sts(fence: Fence, allowed: bool) -> None:
    sts, s3 = "sts.eu-north-1.amazonaws.com", "bucket.s3.eu-north-1.amazonaws.com"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(STS)
    calls, bucket = Echo(answer=head + STS.encode()), Echo()
    ports = [await fence.upstream(sts, calls), await fence.upstream(s3, bucket)]
    entries = [entry(host, ports=[port]) for host, port in zip((sts, s3), ports, strict=True)]
    await fence.use(rules(*entries, aws=[aws(ports=ports, allow_sts=allowed)]))
    url, body = f"https://{sts}:{ports[0]}/", b"Action=AssumeRole&RoleArn=r&Version=2011-06-15"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    request = signed_by_botocore("header", "sts", "POST", url, body=body, headers=kind)
    async with fence.client() as client:
        answer = await client.post(url, headers=dict(request.fields[1:]), content=body)
        if not allowed:
            assert (answer.json()["reason"], calls.heads) == ("mint_blocked", [])
            return
        found = dict(re.findall(r"<(AccessKeyId|SecretAccessKey|SessionToken)>([^<]*)</", answer.text))
        keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        use = signed_by_botocore("s3 header", "s3", "GET", f"https://{s3}:{ports[1]}/k", keys=keys)
        used = await client.get(f"https://{s3}:{ports[1]}/k", headers=dict(use.fields[1:]))
    assert (answer.status_code, used.status_code) == (200, 200)
    real = ("ASIAHANDEDOUTHANDEDO", "handed/out+handed/out", "token/handed+out=token==")
    assert not set(keys) & set(real)
    target, fields = as_received(bucket)
    sent = signature.read(fields, b"")
    assert sent is not None
    assert (sent.key_id, (b"X-Amz-Security-Token", real[2].encode()) in fields) == (real[0], True)
    signed = tuple((name, value) for name, value in fields if name.lower().decode() in (*sent.signed, "authorization"))
    assert sent.value == judged_by_botocore("s3 header", "s3", use, target, signed, b"", keys=real)
    assert not any(value in fence.log_file.read_text() for value in real)


@pytest.fixture
async def registry_name(podman: None) -> None:  # noqa: F811
    await Internet.from_environment().set_name(HOST, PROXY)


@pytest.fixture
def folder() -> Iterator[str]:
    """Podman takes no path of more than 50 characters for what it keeps while it runs."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        yield made


async def test_podman_logs_in_and_pulls(registry_name: None, own_fence: Fence, tmp_path: Path, folder: str) -> None:
    registry, ours, url = await serve(own_fence)
    name = url.removeprefix("https://")
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    (certificates / "ca.crt").write_bytes(own_fence.root.certificate_pem)
    auth = tmp_path / "auth.json"

    async def run(*arguments: str) -> str:
        store = ("--root", f"{folder}/store", "--runroot", f"{folder}/run", "--storage-driver", "vfs")
        process = await asyncio.create_subprocess_exec(
            "podman", *store, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        return out.decode()

    given = ("--authfile", str(auth), "--cert-dir", str(certificates))
    assert "Login Succeeded" in await run("login", *given, "-u", "robot", "-p", ours["surrogate"], name)
    await run("pull", "-q", *given, f"{name}/acme/tool:1")
    assert f"{name}/acme/tool" in await run("images")
    used = [line.partition(" Bearer ")[2] for line in registry.seen if " Bearer " in line]
    assert used
    assert set(used) <= set(registry.tokens)
    assert not any(token in own_fence.log_file.read_text() for token in registry.tokens)
