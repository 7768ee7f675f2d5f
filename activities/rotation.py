"""Values of credentials that change while a sandbox runs: its proxy is given them (spec: credentials §9)."""

import asyncio
import logging

from airut.errors import AirutError
from airut.models.credentials.kinds import AnySandboxCredential
from airut.ports.repositories import Repositories
from airut.ports.sandbox import Renewals

log = logging.getLogger(__name__)


class Rotation:
    """Of one running sandbox. What has not worked is tried again at the next look."""

    def __init__(
        self,
        renewals: Renewals,
        repositories: Repositories,
        sandbox_id: str,
        *,
        repo: str,
        thread: str,
        account: int = 0,
    ) -> None:
        self._renewals = renewals
        self._repositories = repositories
        self._sandbox_id = sandbox_id
        self._repo = repo
        self._thread = thread
        self._account = account
        self._given: tuple[AnySandboxCredential, ...] | None = None
        self._looking: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Look whether anything has changed, beside whatever else goes on: a command may take ten seconds to say."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """End a look that is in hand."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        try:
            secrets = await asyncio.to_thread(
                self._repositories.secrets, self._repo, self._thread, account=self._account
            )
            if secrets.credentials != self._given:
                await self._renewals.renew(self._sandbox_id, secrets.credentials)
                self._given = secrets.credentials
        except AirutError as error:
            log.warning("sandbox %s keeps the credentials that it has: %s", self._sandbox_id, error)
