"""Temporal's UI has our dashboard decode what it shows, and nobody else's page does."""

import base64
import json
import os
from pathlib import Path

import httpx
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.codec_settings import CodecSettings
from airut.dashboard.cross_origin import ui_origins
from airut.models.credentials.redaction import Redactor
from airut.models.credentials.secret import Secret
from airut.models.login import Role
from airut.temporal.codec import data_converter
from airut.temporal.codec_server import REQUEST_MOST
from tests.support.dashboard import Served, config_of

UI = "https://temporal.example.org:8443"
KEY = CodecSettings(enabled=True, active="one", keys={"one": Secret(base64.b64encode(b"k" * 32).decode())})
CORS = {
    "access-control-allow-origin": UI,
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "Content-Type, X-Namespace, Authorization",
    "access-control-max-age": "600",
    "vary": "Origin",
}
FROM_UI = {"Origin": UI, "Sec-Fetch-Site": "same-site", "X-Namespace": "airut"}


@pytest.fixture
def served(tmp_path: Path) -> Served:
    found = Served.at(tmp_path / "state", auth="token", temporal_ui=f"{UI}/ui")
    redactor = Redactor()
    redactor.add("of-the-service-0123456789")
    found.codec = data_converter(KEY, "airut", LocalBlobStore(tmp_path / "payloads"), redactor).payload_codec
    return found


def plain(data: bytes) -> Payloads:
    return Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=data)])


async def ask(browser: httpx.AsyncClient, path: str, asked: Payloads, **headers: str) -> httpx.Response:
    return await browser.post(path, json=MessageToDict(asked), headers={**FROM_UI, **headers})


def payloads(answer: httpx.Response) -> Payloads:
    assert answer.status_code == 200, answer.text
    return ParseDict(answer.json(), Payloads())


def cors(answer: httpx.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in CORS if name in answer.headers}


@pytest.mark.parametrize("data", [b'"hello"', os.urandom(200_000)], ids=["short", "in the blob store"])
async def test_what_is_encoded_is_decoded_for_whoever_is_logged_in(served: Served, data: bytes) -> None:
    operator, viewer = await served.logged_in(Role.OPERATOR), await served.logged_in(Role.VIEWER)
    encoded = await ask(operator, "/codec/encode", plain(data))
    assert data not in encoded.content
    assert base64.b64encode(data) not in encoded.content
    decoded = await ask(viewer, "/codec/decode", payloads(encoded))
    assert payloads(decoded) == plain(data)
    assert cors(decoded) == CORS


async def test_the_message_of_a_failure_is_decoded_like_any_other_value(served: Served, tmp_path: Path) -> None:
    converter, failure = data_converter(KEY, "airut", LocalBlobStore(tmp_path / "payloads")), Failure()
    await converter.encode_failure(RuntimeError("the words of a failure"), failure)
    assert failure.message == "Encoded failure"
    asked = Payloads(payloads=[failure.encoded_attributes])
    answer = await ask(await served.logged_in(Role.VIEWER), "/codec/decode", asked)
    assert json.loads(payloads(answer).payloads[0].data)["message"] == "the words of a failure"


async def test_a_browser_asks_first_and_is_told_of_one_page_alone(served: Served) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
    browser = served.browser()
    for path in ("/codec/decode", "/codec/encode"):
        answer = await browser.options(path, headers={**FROM_UI, **asks})
        assert (answer.status_code, cors(answer)) == (204, CORS)
    for path, origin in (("/codec/decode", "https://evil.test"), ("/codec/decode", "null"), ("/about", UI), ("/", UI)):
        answer = await browser.options(path, headers={**FROM_UI, **asks, "Origin": origin})
        assert (answer.status_code, cors(answer)) == (405, {})


@pytest.mark.parametrize("origin", ["https://evil.test", f"{UI}.evil.test", "null", UI.replace("https", "http")])
async def test_no_other_page_is_answered(served: Served, origin: str) -> None:
    browser = await served.logged_in(Role.ADMIN)
    answer = await ask(browser, "/codec/decode", plain(b"1"), Origin=origin)
    assert (answer.status_code, cors(answer)) == (403, {})
    elsewhere = await browser.post("/theme", data={"theme": "dark"}, headers=FROM_UI)
    assert elsewhere.status_code == 403  # that page may ask the codec, and nothing else


async def test_without_login_nothing_is_decoded_and_a_program_has_a_token(served: Served) -> None:
    stranger = await ask(served.browser(), "/codec/decode", plain(b"1"))
    assert (stranger.status_code, cors(stranger)) == (401, CORS)  # the page may read why
    viewer = await ask(await served.logged_in(Role.VIEWER), "/codec/encode", plain(b"1"))
    assert (viewer.status_code, viewer.json()["detail"]) == (403, "Your role is viewer; this needs operator.")
    token = served.logins.new_token("token:cli", Role.VIEWER)
    async with httpx.AsyncClient(transport=served.browser()._transport, base_url="http://127.0.0.1:5200") as program:
        headers = {"Authorization": f"Bearer {token}", "X-Namespace": "airut"}
        answer = await program.post("/codec/decode", json=MessageToDict(plain(b"1")), headers=headers)
        assert payloads(answer) == plain(b"1")


ALTERED = Payloads(
    payloads=[Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"one"}, data=b"x" * 40)]
)
LOST = Payloads(
    payloads=[Payload(metadata={"encoding": b"json/airut-blob"}, data=b'{"sha256":"%s","size":9}' % (b"0" * 64))]
)
UNKNOWN_KEY = Payloads(
    payloads=[Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"lost"}, data=b"x" * 40)]
)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (ALTERED, "does not decrypt with key 'one'"),
        (UNKNOWN_KEY, "encrypted with key 'lost', which is not under temporal.codec.keys"),
        (LOST, "put this blob back from a backup"),
    ],
)
async def test_what_cannot_be_decoded_is_said(served: Served, asked: Payloads, words: str) -> None:
    answer = await ask(await served.logged_in(Role.VIEWER), "/codec/decode", asked)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


async def test_what_is_no_request_of_the_protocol(served: Served) -> None:
    browser = await served.logged_in(Role.OPERATOR)
    for body in (b"", b"[]", b'{"payloads": 1}', b"\xff", b"{"):
        answer = await browser.post("/codec/decode", content=body, headers=FROM_UI)
        assert (answer.status_code, answer.json()["detail"][:27]) == (400, "This is not a list of paylo")
    large = await browser.post("/codec/decode", content=b" " * (REQUEST_MOST + 1), headers=FROM_UI)
    assert (large.status_code, large.json()["detail"]) == (413, "At most 2 MiB at once.")
    other = await ask(browser, "/codec/decode", plain(b"1"), **{"X-Namespace": "other"})
    assert (other.status_code, other.json()["detail"]) == (
        400, "This decodes what lies in namespace 'airut' of Temporal, and no other."
    )  # fmt: skip
    secret = await ask(browser, "/codec/encode", plain(b'"of-the-service-0123456789"'))
    assert (secret.status_code, b"0123456789" in secret.content) == (400, False)


def test_whose_pages_may_ask(tmp_path: Path) -> None:
    assert ui_origins(None) == frozenset()
    config = config_of(tmp_path)
    assert ui_origins(config) == {"http://127.0.0.1:8233", "http://localhost:8233"}
    external = config.model_copy(update={"temporal": config.temporal.model_copy(update={"mode": "external"})})
    assert ui_origins(external) == frozenset()
    assert ui_origins(config_of(tmp_path, temporal_ui="https://T.example.org/ui/")) == {"https://t.example.org"}
