"""An App's token under a running sandbox: from the forge to the worker to the proxy, which the agent does not notice."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from activities.rotation import Rotation
from airut.adapters.github import InstallationTokens
from airut.demo.faults import FOREVER, Fault
from airut.demo.forge import GitHubForge
from airut.demo.github_apps import App, Apps
from airut.demo.github_documents import number_of
from airut.demo.repositories import seed_repository
from airut.models.credentials.github_app import GithubApp, SandboxGithubApp
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.credentials.secret import SecretLines
from airut.models.hosts.repository import RepositorySecrets
from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import rule_set
from airut.models.policy.rotation import renewed
from airut.models.policy.rules import RuleSet, Sandbox
from tests.activities.agent_bench import Configured
from tests.proxy.documents import LOOPBACK, PROXY
from tests.proxy.fence import Fence
from tests.proxy.github.ids import new
from tests.proxy.upstreams import Echo

KEY = rsa.generate_private_key(65_537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SURROGATE = "ghs_" + "s" * 36


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Repositories(Configured):
    """One App's credential with the token of now."""

    def __init__(self, app: GithubApp, port: int, tokens: InstallationTokens) -> None:
        self._app = app
        self._port = port
        self._tokens = tokens

    def secrets(self, repo: str, thread: str, *, account: int = 0, fresh: bool = False) -> RepositorySecrets:
        made = SandboxGithubApp(
            name="GH_APP",
            surrogate=SURROGATE,
            app=self._app,
            hosts=("github.test",),
            ports=(self._port,),
            token=self._tokens.token(self._app),
        )
        return RepositorySecrets(environment=made.environment(), credentials=(made,))


class Proxy:
    """Implements `airut.ports.sandbox.Renewals` as the Podman adapter does: read, renewed, renamed over."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence

    async def renew(self, sandbox_id: str, credentials: tuple[AnySandboxCredential, ...]) -> None:
        rules = RuleSet.model_validate_json(self._fence.rules_file.read_bytes())
        self._fence.write_rules(json.loads(renewed(rules, credentials).to_wire()))


async def test_a_token_comes_is_renewed_and_goes(fence: Fence, tmp_path: Path) -> None:
    echo, clock = Echo(), Clock()
    port = await fence.upstream("github.test", echo)
    seed_repository(tmp_path, {"README.md": "# Web\n"})
    async with GitHubForge(tmp_path, {}, apps=Apps(App(1, KEY.public_key(), {2: ("acme/web",)}))) as forge:
        app = GithubApp(
            field="repos.web.credentials.GH_APP", base_url=forge.url, app_id=1, installation_id=2,
            private_key=SecretLines(PEM), repositories=("acme/web",), permissions=(("contents", "read"),),
        )  # fmt: skip
        repositories = Repositories(app, port, InstallationTokens(clock=clock))
        forge.faults.add(Fault.server_error(times=FOREVER))
        begun = await asyncio.to_thread(repositories.secrets, "web", "t")
        await fence.use(json.loads(rules(begun.credentials, port).to_wire()))
        rotation = Rotation(Proxy(fence), repositories, "abc", repo="web", thread="t")

        def given(number: int) -> bool:
            return len(tokens) >= number and tokens[number - 1].token in fence.rules_file.read_text()

        tokens = forge.apps.grants
        assert (await asked(fence, port)).status_code == 503
        forge.faults.clear()
        clock.ahead += 61
        await until(rotation, lambda: given(1))
        assert await sent(fence, port, echo) == f"Bearer {tokens[0].token}"
        clock.ahead += 3_301  # less than five minutes are left
        await until(rotation, lambda: given(2))
        assert await sent(fence, port, echo) == f"Bearer {tokens[1].token}"
        forge.faults.add(Fault.server_error(times=FOREVER))
        clock.ahead += 7_200
        await until(rotation, lambda: not given(2))
        assert (await asked(fence, port)).status_code == 503
        assert len(tokens) == 2
        await rotation.close()
    assert {line["reason"] for line in fence.log() if "reason" in line} == {"credential_unavailable"}
    assert PEM.splitlines()[2] not in fence.rules_file.read_text()


def rules(credentials: tuple[AnySandboxCredential, ...], port: int) -> RuleSet:
    return rule_set(
        parse_allowlist(f"url_prefixes: [{{host: github.test, ports: [{port}], addresses: [{LOOPBACK}]}}]", "f"),
        granted_presets=(),
        repository="acme/web",
        credentials=credentials,
        sandbox=Sandbox(id="sb", thread="t", task="t/task-1", attempt=1),
        listen=PROXY,
        private_ranges=(LOOPBACK,),
    )


async def until(rotation: Rotation, is_true: Callable[[], bool]) -> None:
    """The worker looks each second; here more often."""
    async with asyncio.timeout(60):
        while not is_true():
            rotation.look()
            await asyncio.sleep(0.05)


async def asked(fence: Fence, port: int) -> Any:
    """By number, as the agent learns it from the API: the scope is known with the token."""
    async with fence.client() as client:
        query = {"query": f'{{node(id: "{new("R", 0, number_of("acme/web"))}") {{id}}}}'}
        headers = {"Authorization": f"Bearer {SURROGATE}"}
        return await client.post(f"https://github.test:{port}/api/graphql", json=query, headers=headers)


async def sent(fence: Fence, port: int, echo: Echo) -> str:
    assert (await asked(fence, port)).status_code == 200
    head = echo.heads[-1]
    return next(line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("authorization: "))
