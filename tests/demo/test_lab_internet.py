"""The internet as the lab sees it: every name is ours, and whatever is sent anywhere is seen."""

import asyncio
import os
import socket
import ssl
import time
from pathlib import Path

import dns.asyncquery
import dns.message
import httpx
import pytest

from airut.demo.internet import Internet
from airut.demo.internet_server import CANARY

pytestmark = pytest.mark.skipif(
    "AIRUT_LAB_CONTROL" not in os.environ, reason="not in the lab (scripts/lab): packets would leave this machine"
)


@pytest.fixture
def internet() -> Internet:
    return Internet.from_environment()


async def test_names_and_certificates(internet: Internet) -> None:
    trusting = ssl.create_default_context(cafile=Path(os.environ["AIRUT_LAB_CA_DIR"]) / "ca.pem")
    async with httpx.AsyncClient(verify=trusting, trust_env=False, timeout=60) as client:
        answer = await client.get("https://lab-names.example.com/path")
        six = await client.get("https://echo6.example.com/")
        unauthorized = await client.get("https://api.anthropic.com/v1/models")
    assert (answer.json()["tls_name"], answer.json()["address"]) == (
        "lab-names.example.com",
        os.environ["AIRUT_LAB_ECHO"],
    )
    assert six.json()["address"] == os.environ["AIRUT_LAB_ECHO6"]
    assert unauthorized.json()["error"]["type"] == "authentication_error"
    assert [query.type for query in await internet.queries("lab-names.example.com")].count("A") >= 1


@pytest.mark.parametrize("resolver", ["8.8.8.8", "2001:4860:4860::8888"])
async def test_a_question_to_any_resolver_is_answered_and_seen(internet: Internet, resolver: str) -> None:
    query = dns.message.make_query("leak.example.com", "A")
    answer = await dns.asyncquery.udp(query, resolver, timeout=60)
    assert str(answer.answer[0][0]) == os.environ["AIRUT_LAB_ECHO"]
    assert resolver in {found.address for found in await internet.queries("leak.example.com")}


async def test_canary_and_any_address(internet: Internet) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        metadata = await client.get(f"http://{os.environ['AIRUT_LAB_METADATA']}/latest/meta-data/")
        anywhere = await client.get("http://1.2.3.4:8080/")
    assert metadata.content == CANARY
    assert anywhere.json()["address"] == "1.2.3.4"
    assert len(await internet.arrivals("1.2.3.4", 8080)) >= 1


async def test_what_no_listener_sees(internet: Internet) -> None:
    since = time.time() - 0.01
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"x", ("9.9.9.9", 4242))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as ping:
        ping.sendto(b"\x08\0\0\0\0\0\0\1", ("9.9.9.8", 0))
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.connect_ex(("9.9.9.7", 4243))
    sent = {("udp", "9.9.9.9", 4242), ("icmp", "9.9.9.8", None), ("tcp", "9.9.9.7", 4243)}
    async with asyncio.timeout(60):
        while True:
            report = await internet.report(since)
            assert report.sniffing
            if {(flow.protocol, flow.address, flow.port) for flow in report.flows} >= sent:
                break
            await asyncio.sleep(0.05)
