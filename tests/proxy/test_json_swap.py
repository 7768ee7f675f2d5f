"""Surrogates in JSON bodies: swapped where a pointer says, as whole strings, and nothing else is touched."""

import gzip
import json

import pytest

from proxy import json_swap
from proxy.acceptance import Fields
from proxy.block import Refused
from proxy.json_swap import SwappedBody
from tests.proxy.documents import credential as of_document
from tests.proxy.documents import entry, rules
from tests.proxy.fence import Fence
from tests.proxy.test_swap import REAL, SURROGATE, credential
from tests.proxy.upstreams import Echo

JSON: Fields = ((b"Content-Type", b"application/json"),)
ONLY = (credential(pointers=("/auth/token", "/list/*/key")),)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"auth": {"token": SURROGATE}, "n": 1.5}, {"auth": {"token": REAL}, "n": 1.5}),
        ({"list": [{"key": SURROGATE}, {"key": "other"}]}, {"list": [{"key": REAL}, {"key": "other"}]}),
        ({"auth": {"token": f"Bearer {SURROGATE}"}}, None),
        ({"token": SURROGATE, SURROGATE: 1}, None),
        ({"auth": [SURROGATE]}, None),
        ([], None),
    ],
)
def test_what_is_swapped(sent: object, expected: object) -> None:
    raw = json.dumps(sent, indent=1).encode()  # as no serialiser of ours writes it
    result = json_swap.swap(raw, JSON, ONLY)
    if expected is None:
        assert result == SwappedBody(raw, JSON, ())
    else:
        assert (json.loads(result.body), result.fields, result.names) == (expected, JSON, ("TOKEN",))


def test_an_encoded_body_is_sent_without_its_coding() -> None:
    packed, fields = (
        gzip.compress(json.dumps({"auth": {"token": SURROGATE}}).encode()),
        (*JSON, (b"Content-Encoding", b"gzip")),
    )
    assert json_swap.swap(packed, fields, ONLY) == SwappedBody(
        b'{"auth":{"token":"%s"}}' % REAL.encode(), JSON, ("TOKEN",)
    )
    untouched = gzip.compress(b"{}")
    assert json_swap.swap(untouched, fields, ONLY) == SwappedBody(untouched, fields, ())


def test_two_credentials_in_one_body() -> None:
    both = (
        credential("A", pointers=("/a",)),
        credential("B", surrogate="surrogate-of-b", value="REAL-B", pointers=("/*",)),
    )
    sent = json.dumps({"a": SURROGATE, "b": "surrogate-of-b", "c": SURROGATE}).encode()
    expected = json.dumps({"a": REAL, "b": "REAL-B", "c": SURROGATE}, separators=(",", ":")).encode()
    assert json_swap.swap(sent, JSON, both) == SwappedBody(expected, JSON, ("A", "B"))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"auth": {"token": "a", "token": "b"}}', "body_not_inspectable: a name is there twice"),
        (b"token=x", "body_not_inspectable: not JSON"),
        (b'{"auth": {"token": "%s"}}' % SURROGATE.encode(), "credential_unavailable: TOKEN"),
    ],
)
def test_what_is_refused(raw: bytes, reason: str) -> None:
    gone = (credential(value=None, pointers=("/auth/token",)),)
    with pytest.raises(Refused, match=reason):
        json_swap.swap(raw, JSON, gone)


@pytest.mark.parametrize(
    ("media", "expected"),
    [(b"application/json; charset=utf-8", True), (b"Application/Vnd.API+JSON", True), (b"text/json", True),
     (b"text/plain", False), (b"application/jsonlines", False)],
)  # fmt: skip
def test_media_types(media: bytes, expected: bool) -> None:
    assert json_swap.is_json(((b"content-type", media),)) is expected
    assert not json_swap.is_json(())


async def test_through_the_proxy(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    token = of_document("TOKEN", hosts=["api.test"], ports=[port], pointers=["/token"])
    await fence.use(rules(entry("api.test", ports=[port]), entry("other.test", ports=[port]), credentials=[token]))
    url, body = f"https://api.test:{port}/", {"token": token["surrogate"], "text": "é"}
    async with fence.client() as client:
        assert (await client.post(url, json=body)).status_code == 200
        assert (await client.post(url, content=json.dumps(body), headers={"Content-Type": "text/plain"})).is_success
        assert (await client.get(url, headers={"Content-Type": "application/json"})).is_success
    assert [json.loads(sent or b"0") for sent in echo.bodies] == [{**body, "token": token["value"]}, body, 0]
    assert [line.get("credentials") for line in await fence.logged(3)] == [["TOKEN"], None, None]
    assert str(token["value"]) not in fence.log_file.read_text()
