"""What a running sandbox's proxy is given, and when."""

import asyncio
import logging

import pytest

from activities.rotation import Rotation
from airut.errors import NoSpace
from airut.models.credentials.kinds import AnySandboxCredential, SandboxCredential
from airut.models.credentials.secret import Secret
from airut.models.hosts.repository import RepositorySecrets
from tests.activities.agent_bench import Configured


class Rotating(Configured):
    value = "first-value"

    def secrets(self, repo: str, thread: str, *, account: int = 0, fresh: bool = False) -> RepositorySecrets:
        name = f"{repo}/{thread}/{fresh}"
        made = SandboxCredential(name=name, surrogate="surrogate", value=Secret(self.value), hosts=("a.test",))
        return RepositorySecrets(environment={}, credentials=(made,))


class Proxy:
    """Implements `airut.ports.sandbox.Renewals`; can be full."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str, str]] = []
        self.full = False

    async def renew(self, sandbox_id: str, credentials: tuple[AnySandboxCredential, ...]) -> None:
        if self.full:
            raise NoSpace("no space left for rules.json")
        for each in credentials:
            assert isinstance(each, SandboxCredential)
            assert each.value is not None
            self.given.append((sandbox_id, each.name, each.value.reveal()))


async def looks(rotation: Rotation, times: int = 1) -> None:
    for _ in range(times):
        rotation.look()
        await asyncio.sleep(0.05)


async def test_a_proxy_is_given_what_has_changed_and_nothing_twice(caplog: pytest.LogCaptureFixture) -> None:
    repositories, proxy = Rotating(), Proxy()
    rotation = Rotation(proxy, repositories, "abc", repo="web", thread="t")
    await looks(rotation, 3)
    repositories.value, proxy.full = "second-value", True
    with caplog.at_level(logging.WARNING):
        await looks(rotation)
    proxy.full = False
    await looks(rotation, 2)
    await rotation.close()
    name = "web/t/False"
    assert proxy.given == [("abc", name, "first-value"), ("abc", name, "second-value")]
    assert [record.getMessage() for record in caplog.records] == [
        "sandbox abc keeps the credentials that it has: no space left for rules.json"
    ]
