"""The stand-in internet as its own process on loopback, looked at through its control socket and from outside."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dns.asyncquery
import dns.message
import dns.rcode
import dns.rdatatype
import httpx
import pytest

from airut.demo.internet import Internet, plan
from airut.demo.internet_server import CANARY, InternetServer, Plan
from airut.demo.records import NameRecord
from airut.demo.repositories import seed_repository
from airut.demo.script import say, script
from airut.demo.tls import Authority

KEY = "sk-ant-api03-real"
BODY = {"model": "m", "max_tokens": 9, "tools": [{"name": "Bash"}], "messages": [{"role": "user", "content": "hello"}]}
HEADERS = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}


class Place:
    """Where the process listens, and how to reach any name there without asking a real DNS."""

    def __init__(self, control: Path, facts: dict[str, object]) -> None:
        self.internet = Internet(control)
        self.port = int(str(facts["port"]))
        self.dns_port = int(str(facts["dns_port"]))
        self.ca = Path(str(facts["ca"]))

    def client(self) -> httpx.AsyncClient:
        context = ssl.create_default_context(cafile=self.ca)
        return httpx.AsyncClient(verify=context, trust_env=False, timeout=60)

    async def get(self, host: str, path: str, **options: str) -> httpx.Response:
        async with self.client() as client:
            return await client.get(
                f"https://127.0.0.1:{self.port}{path}",
                headers={"host": host, **options},
                extensions={"sni_hostname": host},
            )

    async def ask(self, name: str, kind: str = "A", tcp: bool = False) -> dns.message.Message:
        query = dns.message.make_query(name, kind)
        ask = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        return await ask(query, "127.0.0.1", port=self.dns_port, timeout=60)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("internet")
    control, ready = folder / "control", folder / "ready"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRUT_LAB_")}
    command = [sys.executable, "-m", "airut.demo.internet", "--control", str(control), "--ready-file", str(ready)]
    with subprocess.Popen(command, env=environment) as running:
        deadline = time.monotonic() + 60
        while not ready.exists() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        yield Place(control, json.loads(ready.read_text()))
        running.terminate()
        assert running.wait(60) == 0


@pytest.fixture
async def place(process: Place) -> Place:
    await process.internet.reset()
    return process


async def test_model_behind_its_name(place: Place) -> None:
    await place.internet.register(KEY, script(say("hi")))
    async with place.client() as client:
        answers = [
            await client.post(
                f"https://127.0.0.1:{place.port}/v1/messages",
                json=BODY,
                headers={**HEADERS, "host": "api.anthropic.com", "x-api-key": key},
                extensions={"sni_hostname": "api.anthropic.com"},
            )
            for key in (KEY, "sk-ant-api03-surrogate")
        ]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[0].json()["content"] == [{"type": "text", "text": "hi"}]
    assert answers[1].json()["error"] == {"type": "authentication_error", "message": "invalid x-api-key"}
    (call,) = await place.internet.model_calls(KEY)
    assert (call.known, call.kind, call.step, call.last_user_text) == (True, "main", 0, "hello")
    assert call.headers["x-api-key"] == "sk-ant-api…"
    (other,) = await place.internet.model_calls("sk-ant-api03-surrogate")
    assert (other.known, other.status) == (False, 401)


async def test_echo_has_a_certificate_for_any_name(place: Place) -> None:
    answer = await place.get("pypi.example.org", "/simple/?q=1", authorization="Bearer t")
    assert answer.json()["headers"]["authorization"] == "Bearer t"
    (request,) = await place.internet.requests("pypi.example.org")
    assert (request.method, request.target, request.tls, request.tls_name) == (
        "GET", "/simple/?q=1", True, "pypi.example.org",
    )  # fmt: skip


async def test_plain_http_on_the_same_port(place: Place) -> None:
    async with place.client() as client:
        answer = await client.post(f"http://127.0.0.1:{place.port}/x", content=b"body")
    assert (answer.json()["tls"], answer.json()["body"]) == (False, "body")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/bytes/70000", 200, None),
        ("/status/418", 418, ""),
        ("/reflect/base64", 200, "dG9rZW4=\neHRva2Vu\neHh0b2tlbg=="),
        ("/reflect/bytewise", 200, "token"),
        ("/reflect/gzip", 200, "token"),
        ("/reflect/location", 302, ""),
    ],
)
async def test_echo_paths(place: Place, path: str, status: int, text: str | None) -> None:
    answer = await place.get("example.com", path, authorization="token")
    assert answer.status_code == status
    if text is None:
        assert len(answer.content) == 70000
    else:
        assert answer.text == text
    assert "token" in answer.headers.get("location", "token")


async def test_events_arrive_one_by_one(place: Place) -> None:
    answer = await place.get("example.com", "/sse?events=3&interval=0.01")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text.count("event: tick") == 3


@pytest.mark.parametrize("tcp", [False, True])
async def test_names(place: Place, tcp: bool) -> None:
    await place.internet.set_name("api.test.example.net", "192.0.2.7", "2001:db8::7")
    answers = {
        (name, kind): await place.ask(name, kind, tcp)
        for name, kind in [
            ("API.anthropic.com", "A"),
            ("deep.echo.example.com", "A"),
            ("api.test.example.net", "AAAA"),
            ("api.test.example.net", "TXT"),
            ("nowhere.invalid", "A"),
        ]
    }
    assert [(dns.rcode.to_text(answer.rcode()), len(answer.answer)) for answer in answers.values()] == [
        ("NOERROR", 1), ("NOERROR", 1), ("NOERROR", 1), ("NOERROR", 0), ("NXDOMAIN", 0),
    ]  # fmt: skip
    queries = await place.internet.queries()
    assert [(query.name, query.type, query.transport) for query in queries] == [
        (name, kind, "tcp" if tcp else "udp") for name, kind in answers
    ]
    assert queries[2].answers == ("2001:db8::7",)
    assert len(await place.internet.queries("ANTHROPIC")) == 1


async def test_rebinding_cname_and_failure(place: Place) -> None:
    await place.internet.set_name("turns.example.net", "192.0.2.1", then=("127.0.0.1",))
    await place.internet.set_record(NameRecord(name="alias.example.net", cname="turns.example.net"))
    await place.internet.set_record(NameRecord(name="*.broken.example.net", rcode="SERVFAIL"))
    first, second = await place.ask("turns.example.net"), await place.ask("turns.example.net")
    alias, broken = await place.ask("alias.example.net"), await place.ask("a.broken.example.net")
    assert [str(answer.answer[-1][0]) for answer in (first, second, alias)] == ["192.0.2.1", "127.0.0.1", "127.0.0.1"]
    assert [len(alias.answer), dns.rcode.to_text(broken.rcode())] == [2, "SERVFAIL"]


async def test_everything_that_arrives_is_seen(place: Place) -> None:
    before = await place.internet.report()
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(b"\x00\x01secret")
    await writer.drain()
    assert await reader.read() == b""
    writer.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"\x00", ("127.0.0.1", place.dns_port))
    async with asyncio.timeout(60):
        while len((after := await place.internet.report(since=before.at)).arrivals) < 2:
            await asyncio.sleep(0.05)
    assert [(arrival.transport, arrival.address, arrival.received) for arrival in after.arrivals] == [
        ("tcp", "127.0.0.1", "\x00\x01secret"),
        ("udp", "127.0.0.1", "\x00"),
    ]
    assert after.kernel["Udp.InDatagrams"] > before.kernel["Udp.InDatagrams"]
    assert after.monotonic > before.monotonic
    assert await place.internet.arrivals(address="192.0.2.1") == ()


async def test_a_handshake_that_fails_is_an_arrival(place: Place) -> None:
    async with httpx.AsyncClient(trust_env=False) as distrusting:
        with pytest.raises(httpx.ConnectError):
            await distrusting.get(f"https://127.0.0.1:{place.port}/")
    assert len(await place.internet.arrivals(port=place.port)) == 1
    assert await place.internet.requests() == ()


async def test_a_command_that_makes_no_sense_is_refused(place: Place) -> None:
    with pytest.raises(ValueError, match="validation error"):
        await place.internet._ask(say("hi"))  # type: ignore[arg-type]


async def test_addresses_play_their_parts(tmp_path: Path) -> None:
    """As in the lab: which address was dialled decides, not what the request says."""
    hosts = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
    own = Plan(
        hosts=hosts,
        tcp_ports=(0,),
        udp_ports=(0,),
        dns_port=0,
        model_address="127.0.0.2",
        canary_addresses=("127.0.0.4",),
    )
    server = InternetServer(own, Authority.create())
    async with server.running(tmp_path / "control"), httpx.AsyncClient(trust_env=False) as client:
        ports = [server.tcp[index].port for index in (1, 3, 5)]
        answers = [await client.get(f"http://{host}:{port}/v1/models") for host, port in zip(hosts, ports, strict=True)]
    assert [answer.status_code for answer in answers] == [401, 200, 200]
    assert answers[2].content == CANARY
    assert [arrival.address for arrival in server.arrivals] == list(hosts)


def test_the_lab_plan() -> None:
    given = {"MODEL": "192.0.2.1", "ECHO": "192.0.2.2", "ECHO6": "2001:db8::2", "METADATA": "169.254.169.254"}
    made = plan({f"AIRUT_LAB_{name}": value for name, value in given.items()})
    assert (made.model_address, made.canary_addresses, made.dns_port) == ("192.0.2.1", ("169.254.169.254",), 53)
    assert {(record.name, record.addresses) for record in made.names} >= {
        ("api.anthropic.com", ("192.0.2.1",)),
        ("example.com", ("192.0.2.2",)),
        ("echo6.example.com", ("2001:db8::2",)),
    }


async def test_repositories_behind_github_com(place: Place, tmp_path: Path) -> None:
    seed_repository(tmp_path, {"README.md": "# Web"})
    await place.internet.serve_repositories(tmp_path, {"ghp_token": "airut-bot"})
    refs = await place.get("github.com", "/acme/web.git/info/refs?service=git-upload-pack")
    user = await place.get("api.github.com", "/user", authorization="token ghp_token")
    assert "refs/heads/main" in refs.text
    assert user.json()["login"] == "airut-bot"
    assert (await place.get("github.com", "/acme/web.git/info/refs?service=git-receive-pack")).status_code == 401
