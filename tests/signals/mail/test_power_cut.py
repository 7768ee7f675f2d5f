"""A real Dovecot that is killed between two steps of handing a mail over."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from airut.adapters.imap.mailbox import imap_mailbox
from airut.models.threads.message import InboundMessage
from airut.ports.mailbox import Disposition, FetchedMail, Mailbox
from tests.signals.mail.intake_bench import Running, folder_size, mail
from tests.support.mailserver import PASSWORD, email_channel, running_mail_server


class PowerCut:
    """A mailbox whose server is cut off at the moments that are left of `moments`, in their order."""

    def __init__(self, mailbox: Mailbox, moments: list[str], cut: Callable[[], None]) -> None:
        self._mailbox = mailbox
        self._moments = moments
        self._cut = cut
        self.uid_validity = mailbox.uid_validity

    def _reach(self, moment: str) -> None:
        if self._moments and self._moments[0] == moment:
            del self._moments[0]
            self._cut()

    async def adopt(self, older_than: datetime) -> int:
        return await self._mailbox.adopt(older_than)

    async def processed_since(self, moment: datetime, most: int) -> tuple[FetchedMail, ...]:
        return await self._mailbox.processed_since(moment, most)

    async def search(self) -> tuple[int, ...]:
        return await self._mailbox.search()

    async def fetch(self, uid: int, max_size: int) -> FetchedMail | None:
        self._reach("before fetch")
        return await self._mailbox.fetch(uid, max_size)

    async def settle(self, uid: int, disposition: Disposition) -> None:
        self._reach("before settle")
        await self._mailbox.settle(uid, disposition)
        self._reach("after settle")

    async def wait(self, seconds: float) -> None:
        await self._mailbox.wait(seconds)


async def test_the_server_loses_power_in_the_middle(tmp_path: Path) -> None:
    """kill -9 of all its processes before a mail is fetched, before one is moved, and after one was."""
    with running_mail_server() as server:
        address = server.add_user("agent", PASSWORD)
        channel = email_channel(server, address)
        opened, moments = imap_mailbox(channel.imap, channel.account), ["before fetch", "before settle", "after settle"]

        @contextlib.asynccontextmanager
        async def opened_at_risk() -> AsyncIterator[Mailbox]:
            async with opened() as mailbox:
                yield PowerCut(mailbox, moments, cut)

        def cut() -> None:
            server.kill()
            server.start()

        for number in range(3):
            server.deliver(mail(f"mail {number}"), address)
        intake = Running(channel, tmp_path, opened_at_risk)
        async with asyncio.timeout(60):
            while moments or folder_size(server, address, "INBOX"):
                await asyncio.sleep(0.1)
        await intake.stop()
        taken = {each.key: each.subject for each in intake.temporal.taken if isinstance(each, InboundMessage)}
        assert list(taken.values()) == ["mail 0", "mail 1", "mail 2"]
        assert folder_size(server, address, "Airut.Processed") == 3
