"""Against a token endpoint over HTTPS that checks each request."""

import asyncio
import datetime
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from airut.adapters.oauth2 import AccessTokens, TokenFailed
from airut.models.mail.oauth2 import GenericOAuth2, MicrosoftOAuth2
from tests.support.token_server import CLIENT, CLIENT_SECRET, REFRESH, TENANT, TokenServer, token_server


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[TokenServer]:
    async with token_server(tmp_path / "tokens") as running:
        yield running


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def microsoft(server: TokenServer, **changes: object) -> MicrosoftOAuth2:
    values = {
        "provider": "microsoft",
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
        "authority": server.authority,
        "ca_file": server.ca_file,
    }
    return MicrosoftOAuth2.model_validate({k: v for k, v in (values | changes).items() if v is not None})


def generic(server: TokenServer, **changes: object) -> GenericOAuth2:
    values = {
        "provider": "generic",
        "token_url": f"{server.authority}/token",
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH,
        "scope": "https://mail.example.org/",
        "ca_file": server.ca_file,
    }
    return GenericOAuth2.model_validate(values | changes)


async def test_a_client_secret_makes_a_token(server: TokenServer) -> None:
    token = await AccessTokens(microsoft(server)).current()
    assert token == server.granted[0]
    assert server.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "scope": "https://outlook.office365.com/.default",
        }
    ]


def certificate(path: Path, common_name: str = "airut") -> x509.Certificate:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=9)).sign(
        key, SHA256()
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    path.write_bytes(pem)
    return made


async def test_a_certificate_signs_for_a_token(server: TokenServer, tmp_path: Path) -> None:
    server.certificate = certificate(tmp_path / "app.pem")
    settings = microsoft(server, client_secret=None, certificate_file=tmp_path / "app.pem")
    assert await AccessTokens(settings).current() == server.granted[0]
    (form,) = server.forms
    assert set(form) == {"grant_type", "client_id", "scope", "client_assertion_type", "client_assertion"}
    certificate(tmp_path / "other.pem")
    other = microsoft(server, client_secret=None, certificate_file=tmp_path / "other.pem")
    with pytest.raises(TokenFailed, match="AADSTS700027"):
        await AccessTokens(other).current()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"no PEM", "must hold a certificate and its key in PEM, without a password"),
        ("two", "the key must be the certificate's own, and RSA"),
    ],
)
async def test_a_file_that_is_no_certificate_with_its_key(
    server: TokenServer, tmp_path: Path, content: bytes | str | None, reason: str
) -> None:
    path = tmp_path / "app.pem"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "two":
        first = certificate(path)
        certificate(path)
        path.write_bytes(first.public_bytes(Encoding.PEM) + path.read_bytes())
    with pytest.raises(TokenFailed) as failed:
        await AccessTokens(microsoft(server, client_secret=None, certificate_file=path)).current()
    assert (failed.value.reason, failed.value.refused) == (f"oauth2.certificate_file {path}: {reason}", True)


async def test_a_token_is_renewed_five_minutes_before_it_expires_and_asked_for_once(server: TokenServer) -> None:
    clock = Clock()
    tokens = AccessTokens(generic(server), clock)
    first = await asyncio.gather(*(tokens.current() for _ in range(5)))
    assert set(first) == {server.granted[0]}
    clock.now += 3600 - 301
    assert await tokens.current() == server.granted[0]
    clock.now += 1
    assert await tokens.current() == server.granted[1]
    assert len(server.granted) == 2


async def test_a_token_of_unknown_life_is_asked_for_each_time(server: TokenServer) -> None:
    server.expires_in = None
    tokens = AccessTokens(generic(server))
    assert [await tokens.current(), await tokens.current()] == server.granted


async def test_a_refused_token_is_replaced_once_for_all_who_showed_it(server: TokenServer) -> None:
    tokens = AccessTokens(generic(server))
    refused = await tokens.current()
    assert set(await asyncio.gather(*(tokens.after_refusal(refused) for _ in range(3)))) == {server.granted[1]}


async def test_a_new_refresh_token_takes_the_place_of_the_old_one(server: TokenServer) -> None:
    server.rotates = True
    tokens = AccessTokens(generic(server), clock := Clock())
    for _ in range(3):
        await tokens.current()
        clock.now += 3600
    assert [form["refresh_token"] for form in server.forms] == [REFRESH, "r3fresh-1", "r3fresh-2"]
    server.refresh_tokens = {REFRESH}  # revoked, and the configured one was made good again
    await tokens.current()
    assert [form["refresh_token"] for form in server.forms[3:]] == ["r3fresh-3", REFRESH]


@pytest.mark.parametrize(
    ("answer", "reason", "refused"),
    [
        (
            (400, '{"error": "invalid_grant", "error_description": "AADSTS50173:\\r\\n gone"}'),
            "AADSTS50173: gone",
            True,
        ),
        ((401, '{"error": "invalid_client"}'), "refuses a token: invalid_client", True),
        ((429, '{"error": "slow_down"}'), "slow_down", False),
        ((503, "<html>"), "status 503", False),
        ((302, ""), "status 302", False),
        ((200, "{}"), "the answer holds no bearer token", False),
        ((200, '{"access_token": "a", "token_type": "mac"}'), "the answer holds no bearer token", False),
        ((200, '{"access_token": "a\\r\\nb", "token_type": "bearer"}'), "the answer holds no bearer token", False),
        ((200, "x" * 2_000_000), "the answer holds no bearer token", False),
    ],
)
async def test_what_is_no_token(server: TokenServer, answer: tuple[int, str], reason: str, refused: bool) -> None:
    status, text = answer
    headers = {"Location": f"{server.authority}/elsewhere"} if status == 302 else {}
    server.answers = [web.Response(status=status, text=text, headers=headers)]
    with pytest.raises(TokenFailed) as failed:
        await AccessTokens(generic(server)).current()
    assert reason in failed.value.reason
    assert failed.value.refused is refused
    assert server.forms == []  # nothing was sent elsewhere either


async def test_no_secret_is_told_or_logged(server: TokenServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    for settings in (microsoft(server, client_secret="wr0ng-one"), generic(server, refresh_token="wr0ng-two")):
        with pytest.raises(TokenFailed) as failed:
            await AccessTokens(settings).current()
        told.append(failed.value.reason)
    assert told == [
        f"{server.authority}/{TENANT}/oauth2/v2.0/token refuses a token: "
        "invalid_client: AADSTS7000215: Invalid client secret provided: *** Trace",
        f"{server.authority}/token refuses a token: invalid_grant: not a token of ours: ***",
    ]
    await AccessTokens(generic(server)).current()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    hidden = ("wr0ng-one", "wr0ng-two", CLIENT_SECRET, REFRESH, *server.granted)
    assert not [secret for secret in hidden if secret in logged]


async def test_nobody_answers_or_nobody_we_trust(server: TokenServer) -> None:
    for settings, reason in (
        (generic(server, token_url="https://127.0.0.1:1/token"), "Cannot connect"),
        (generic(server, ca_file=None), "certificate verify failed"),
    ):
        with pytest.raises(TokenFailed, match=reason) as failed:
            await AccessTokens(settings).current()
        assert failed.value.refused is False
