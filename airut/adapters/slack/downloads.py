"""Files that people put into a thread (spec: slack §11). The bot's token goes to Slack's own hosts and no other."""

import asyncio
from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, again_after, code, named, passes
from airut.errors import FileDeferred, FileRefused, SecretError
from airut.models.slack.files import files_of
from airut.models.slack.settings import SlackChannel
from airut.models.threads.message import ChannelKind, RemoteFile
from airut.ports.remote_files import FetchedFile

HOSTS = frozenset({"files.slack.com", "slack.com"})
REDIRECTS = 5
LIMIT = ClientTimeout(total=600, sock_connect=15, sock_read=60)
"""Seconds: to connect, without a byte, and in all."""
PIECE = 256 * 1024


class SlackDownloads:
    """Implements `airut.ports.remote_files.RemoteFiles` for the repositories that have a Slack channel."""

    def __init__(self, channels: Mapping[str, SlackChannel], webs: Mapping[str, AsyncWebClient]) -> None:
        """Both by repository."""
        self._channels = channels
        self._webs = webs

    async def fetch(self, repo: str, channel: ChannelKind, file: RemoteFile) -> FetchedFile:
        settings = self._channels.get(repo)
        if channel is not ChannelKind.SLACK or settings is None:
            raise FileRefused(f"{repo} has no {channel} channel any more")
        if not file.url:
            file = await self._described(self._webs[repo], file)
        most = settings.limits.file
        if file.size > most:
            raise FileRefused(_too_large(file.size, most))
        try:
            async with ClientSession(timeout=LIMIT) as session:
                content = await self._download(session, settings, file, self._webs[repo].proxy)
        except (ClientError, TimeoutError, OSError) as error:
            raise FileDeferred(f"Slack does not hand out {file.id}: {type(error).__name__}") from None
        return FetchedFile(name=file.name, media_type=file.media_type, content=content)

    async def _described(self, web: AsyncWebClient, file: RemoteFile) -> RemoteFile:
        """A file of which its post tells no more than the id."""
        try:
            told_of = told(await web.files_info(file=file.id))["file"]
        except AWAY as error:
            if passes(error):
                raise FileDeferred(named("files.info", error), again_after(error)) from None
            gone = code(error) in ("file_not_found", "file_deleted")
            raise FileRefused("it was deleted" if gone else f"Slack does not let us read it ({code(error)})") from None
        found, notes = files_of({"files": [{**told_of, "file_access": "visible"}]}, most=1)
        if not found:
            raise FileRefused(notes[0].partition(" was left out: ")[2])
        return found[0]

    async def _download(
        self, session: ClientSession, settings: SlackChannel, file: RemoteFile, proxy: str | None
    ) -> bytes:
        """`proxy` is the machine's, as for all other calls."""
        own = urlsplit(settings.api)
        try:
            headers = {"Authorization": f"Bearer {settings.bot_token.reveal()}"}
        except SecretError as error:
            raise FileDeferred(str(error)) from None
        url = file.url
        for _ in range(REDIRECTS):
            if not _is_slacks(url, own):
                raise FileRefused("its address is not one of Slack's")
            async with session.get(url, headers=headers, allow_redirects=False, proxy=proxy) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                _check(response, file)
                return await _read(response, settings.limits.file)
        raise FileRefused("Slack sends from one address to the next")


def _is_slacks(url: str, api: SplitResult) -> bool:
    """`https`, and exactly one of Slack's hosts, without user or port; or where the Web API itself is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return True
    return parts.scheme == "https" and parts.hostname in HOSTS and parts.netloc == parts.hostname and port is None


def _check(response: ClientResponse, file: RemoteFile) -> None:
    if response.status == 429 or response.status >= 500:
        after = response.headers.get("Retry-After", "")
        raise FileDeferred(f"Slack answered {response.status}", float(after) if after.isdecimal() else None)
    if response.status != 200:
        raise FileRefused(f"Slack answered {response.status}")
    if response.content_type == "text/html" and file.media_type != "text/html":
        # The page on which people log in: what Slack shows to whoever may not read the file.
        raise FileRefused("Slack does not let us read it (does the app have the scope files:read?)")


async def _read(response: ClientResponse, most: int) -> bytes:
    content = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        content += piece
        if len(content) > most:
            raise FileRefused(_too_large(len(content), most))
        await asyncio.sleep(0)
    return bytes(content)


def _too_large(size: int, most: int) -> str:
    return f"it has {size / 1024**2:.1f} MiB or more, the limit is {most / 1024**2:.0f} MiB"
