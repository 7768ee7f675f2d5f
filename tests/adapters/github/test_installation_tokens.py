"""Tokens of a GitHub App's installation, from the emulated forge: exchanged, kept, renewed, and away."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from airut.adapters.github import InstallationTokens
from airut.adapters.github.exchange import Exchange
from airut.demo.faults import FOREVER, Fault
from airut.demo.forge import GitHubForge
from airut.demo.github_apps import App, Apps
from airut.demo.github_documents import number_of
from airut.demo.repositories import seed_repository
from airut.demo.tls import Authority
from airut.errors import ConfigError, ForgeRefused, ForgeUnavailable
from airut.models.credentials.github_app import GithubApp, GithubRepository, InstallationToken
from airut.models.credentials.secret import SecretLines

KEY = rsa.generate_private_key(65_537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
MANY = tuple(f"acme/r{n}" for n in range(230))
EXCHANGE = "POST /app/installations/2/access_tokens"


POOL = ThreadPoolExecutor(16)  # the forge works in the loop's own threads, and must not wait for those that wait for it


class Clock:
    """Ours, which tests move; the forge's runs on."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[GitHubForge]:
    seed_repository(tmp_path, {"README.md": "# Web\n"})
    app = App(1, KEY.public_key(), {2: ("acme/web", "acme/docs", *MANY)})
    async with GitHubForge(tmp_path, {}, apps=Apps(app)) as running:
        yield running
        assert running.violations == []


@pytest.fixture
def tokens(clock: Clock) -> InstallationTokens:
    return InstallationTokens(clock=clock, sleep=clock.sleep)


def app(forge: GitHubForge, **given: object) -> GithubApp:
    made = GithubApp(
        field="repos.web.credentials.GH_APP",
        base_url=forge.url,
        app_id=1,
        installation_id=2,
        private_key=SecretLines(PEM),
        repositories=("acme/web",),
        permissions=(("contents", "read"), ("issues", "write")),
    )
    return made.model_copy(update=given)


async def ask(tokens: InstallationTokens, app: GithubApp, *, patient: bool = False) -> InstallationToken | None:
    return await asyncio.get_running_loop().run_in_executor(POOL, partial(tokens.token, app, patient=patient))


async def test_a_token_with_what_it_is_for(forge: GitHubForge, tokens: InstallationTokens) -> None:
    token = await ask(tokens, app(forge))
    (grant,) = forge.apps.grants
    assert token is not None
    assert token.value.reveal() == grant.token
    assert token.repositories == (GithubRepository(id=number_of("acme/web"), name="acme/web"),)
    assert abs(token.expires_at - grant.expires_at) < 60
    assert (grant.repositories, grant.permissions) == (("acme/web",), {"contents": "read", "issues": "write"})
    assert forge.requests == [EXCHANGE, "GET /installation/repositories?per_page=100&page=1"]
    assert tokens.values() == (grant.token,)


async def test_the_repositories_come_in_pages(forge: GitHubForge, tokens: InstallationTokens) -> None:
    token = await ask(tokens, app(forge, repositories=MANY))
    assert token is not None
    assert {found.name for found in token.repositories} == set(MANY)
    assert [request.rpartition("page=")[2] for request in forge.requests[1:]] == ["1", "2", "3"]


async def test_who_asks_for_the_same_shares_it(forge: GitHubForge, tokens: InstallationTokens) -> None:
    same = [app(forge), app(forge, field="repos.docs.credentials.GH"), app(forge, private_key=SecretLines(PEM))]
    found = await asyncio.gather(*(ask(tokens, each, patient=True) for each in same * 3))
    assert len(forge.apps.grants) == 1
    assert len({token.value.reveal() for token in found if token}) == 1
    others = [app(forge, repositories=("acme/docs",)), app(forge, permissions=(("contents", "read"),))]
    assert None not in await asyncio.gather(*(ask(tokens, each) for each in others))
    assert len(forge.apps.grants) == 3


@pytest.mark.parametrize(("left", "exchanged"), [(310.0, False), (290.0, True)])
async def test_it_is_renewed_five_minutes_before_its_end(
    forge: GitHubForge, tokens: InstallationTokens, clock: Clock, left: float, exchanged: bool
) -> None:
    first = await ask(tokens, app(forge))
    assert first is not None
    clock.ahead = first.expires_at - left - time.time()
    # The forge's clock has not moved, so what is signed by ours comes from its future: a second try by its own.
    second = await ask(tokens, app(forge))
    assert second is not None
    assert (second.value != first.value) is exchanged
    assert len(forge.apps.grants) == 1 + exchanged


@pytest.mark.parametrize("ahead", [-3_600.0, 3_600.0, 86_400.0])
async def test_a_clock_that_is_wrong(
    forge: GitHubForge, tokens: InstallationTokens, clock: Clock, ahead: float
) -> None:
    clock.ahead = ahead
    token = await ask(tokens, app(forge))
    assert token is not None
    assert forge.requests[:2] == [EXCHANGE, EXCHANGE]
    assert abs(token.expires_at - clock() - 3_600) < 60  # an hour by our clock too


async def test_a_key_that_github_does_not_know_is_tried_once(forge: GitHubForge, tokens: InstallationTokens) -> None:
    other = rsa.generate_private_key(65_537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    wrong = app(forge, private_key=SecretLines(other.decode()))
    with pytest.raises(ForgeRefused, match="GitHub does not take the App's key; compare app_id and private_key"):
        await asyncio.to_thread(Exchange().token, wrong)
    assert await ask(tokens, wrong, patient=True) is None
    assert forge.requests == [EXCHANGE, EXCHANGE]


REFUSED = [
    ({"app_id": 9}, "there is no such App or installation"),
    ({"installation_id": 9}, "there is no such App or installation"),
    ({"repositories": ("acme/other",)}, "does not have the repositories or permissions"),
    ({"permissions": (("administration", "write"),)}, "does not have the repositories or permissions"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "reason"), REFUSED)
async def test_what_an_operator_has_to_mend(
    forge: GitHubForge, tokens: InstallationTokens, given: dict[str, object], reason: str
) -> None:
    with pytest.raises(ForgeRefused, match=f"^repos.web.credentials.GH_APP: .*{reason}"):
        await asyncio.to_thread(Exchange().token, app(forge, **given))
    assert await ask(tokens, app(forge, **given)) is None


async def test_no_rsa_key(forge: GitHubForge, tokens: InstallationTokens) -> None:
    wrong = app(forge, private_key=SecretLines("-----BEGIN X-----"))
    with pytest.raises(ConfigError, match=r"^repos\.web\.credentials\.GH_APP\.private_key: must be a private key"):
        await asyncio.to_thread(Exchange().token, wrong)
    assert await ask(tokens, wrong) is None
    assert forge.requests == []


async def test_a_blip_is_waited_out(forge: GitHubForge, tokens: InstallationTokens, clock: Clock) -> None:
    forge.faults.add(Fault.server_error("access_tokens", times=2))
    assert await ask(tokens, app(forge), patient=True) is not None
    assert clock.slept == [1.0, 3.0]


@pytest.mark.parametrize("fault", [Fault.server_error("", times=FOREVER), Fault(drop=True, times=FOREVER)])
async def test_github_is_away_and_comes_back(
    forge: GitHubForge,
    tokens: InstallationTokens,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    forge.faults.add(fault)
    with pytest.raises(ForgeUnavailable):
        await asyncio.to_thread(Exchange().token, app(forge))
    with caplog.at_level(logging.INFO):
        assert await ask(tokens, app(forge), patient=True) is None
        tried = len(forge.requests)
        assert await ask(tokens, app(forge)) is None
        assert len(forge.requests) == tried  # not before eight seconds are over
        clock.ahead += 9
        assert await ask(tokens, app(forge)) is None
        assert len(forge.requests) == tried + 1
        forge.faults.clear()
        clock.ahead += 61
        assert await ask(tokens, app(forge)) is not None
    assert [record.levelname for record in caplog.records if record.name.startswith("airut")] == ["WARNING", "INFO"]


async def test_the_old_token_is_used_to_its_end(forge: GitHubForge, tokens: InstallationTokens, clock: Clock) -> None:
    first = await ask(tokens, app(forge))
    assert first is not None
    forge.faults.add(Fault.server_error("", times=FOREVER))
    clock.ahead = first.expires_at - 100 - time.time()
    assert await ask(tokens, app(forge)) == first
    clock.ahead += 101
    assert await ask(tokens, app(forge)) is None
    assert tokens.values() == ()


async def test_no_one_waits_for_an_exchange_whose_token_is_good(
    forge: GitHubForge, tokens: InstallationTokens, clock: Clock
) -> None:
    first = await ask(tokens, app(forge))
    assert first is not None
    clock.ahead = first.expires_at - 100 - time.time()
    gate = forge.faults.gate("access_tokens")
    renewing = asyncio.create_task(ask(tokens, app(forge)))
    await gate.reached.wait()
    assert await ask(tokens, app(forge), patient=True) == first
    clock.ahead += 101
    assert await ask(tokens, app(forge)) is None
    waiting = asyncio.create_task(ask(tokens, app(forge), patient=True))
    gate.open()
    assert (await renewing) == (await waiting) != first
    assert len(forge.apps.grants) == 2


async def test_nothing_shows_the_key_or_the_token(
    forge: GitHubForge, tokens: InstallationTokens, caplog: pytest.LogCaptureFixture
) -> None:
    forge.faults.add(Fault(on="access_tokens", status=422, body='{"message": "no: ghs_' + "a" * 36 + '"}'))
    with caplog.at_level(logging.DEBUG):
        assert await ask(tokens, app(forge)) is None
    token = await ask(InstallationTokens(), app(forge))
    shown = caplog.text + repr(token) + repr(app(forge)) + str(token and token.model_dump_json())
    assert "ghs_" not in shown
    assert PEM.splitlines()[3] not in shown
    assert "***" in shown


async def test_a_server_with_an_authority_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority.at(tmp_path / "ca")
    seed_repository(tmp_path, {"README.md": "# Web\n"})
    apps = Apps(App(1, KEY.public_key(), {2: ("acme/web",)}))
    async with GitHubForge(tmp_path, {}, apps=apps, authority=authority) as forge:
        server = app(forge, base_url=forge.url.replace("127.0.0.1", "localhost"))
        assert server.base_url.startswith("https://localhost:")
        assert await ask(InstallationTokens(), server) is None
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca" / "ca.pem"))
        assert await ask(InstallationTokens(), server) is not None
