"""Socket Mode over aiohttp: one connection, watched by pings. Implements `airut.ports.slack_socket`.

Not slack_sdk's client: that one leaves the old socket before it has a new one, tries again at one pace for ever without
a word, and needs up to four pings to see that nobody is there (docs/adr/0016).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, ClientWSTimeout, WSMsgType
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.client import CALL_LIMIT
from airut.adapters.slack.web.failures import AWAY, OPERATORS, code, named, retry_after
from airut.errors import SecretError
from airut.models.credentials.secret import Secret
from airut.ports.slack_socket import SocketLost, SocketRefused

MISSED = 2
"""Pings without an answer, after which nobody is taken to be there."""
GOODBYE = ClientWSTimeout(ws_close=1.0)  # pyright: ignore[reportCallIssue]  # made by attrs, which it does not see through
"""Seconds that Slack has to say goodbye; it leaves the connection itself open afterwards."""
CONNECT_LIMIT = ClientTimeout(total=None, sock_connect=15)
"""Seconds to connect; the socket itself lasts for hours."""
_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


class WebSocket:
    def __init__(self, socket: "ClientWebSocketResponse[bool]") -> None:
        self._socket = socket
        self._missed = 0
        self._why = "Slack closed the connection"

    async def receive(self) -> Mapping[str, Any]:
        while True:
            message = await self._socket.receive()
            self._missed = 0
            if message.type in _ENDS:
                raise SocketLost(self._why)
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.TEXT and str(message.data).startswith("{"):
                return dict(json.loads(message.data))

    async def acknowledge(self, envelope: str, payload: Mapping[str, Any] | None) -> None:
        told = {"envelope_id": envelope} | ({} if payload is None else {"payload": payload})
        try:
            await self._socket.send_json(told)
        except (ClientError, OSError) as error:
            raise SocketLost(f"the connection is gone: {type(error).__name__}") from None

    async def watch(self, every: float) -> None:
        """Ping it, and close it when nobody answers."""
        while self._missed < MISSED:
            self._missed += 1
            try:
                await self._socket.ping()
            except (ClientError, OSError):
                break  # it is closed, which `receive` tells
            await asyncio.sleep(every)
        else:
            self._why = f"{MISSED} pings were not answered"
        await self._socket.close()


@asynccontextmanager
async def opened(api: str, app_token: Secret, ping: float) -> AsyncIterator[WebSocket]:
    """`ping` is the time between two of them, in seconds.

    Raises:
        SocketLost, SocketRefused: as the port has it.
    """
    app = _client(api, app_token)
    url = await _address(app)
    async with ClientSession(timeout=CONNECT_LIMIT) as session:
        try:
            socket = await session.ws_connect(url, autoping=False, timeout=GOODBYE, proxy=app.proxy)
        except AWAY as error:  # its text holds the address, which is as good as a token
            raise SocketLost(f"the connection was not made: {type(error).__name__}") from None
        connection = WebSocket(socket)
        watching = asyncio.create_task(connection.watch(ping))
        try:
            yield connection
        finally:
            watching.cancel()
            await socket.close()


async def admitted(api: str, app_token: Secret) -> None:
    """Ask Slack for a connection, and make none: of an app's messages each goes to any one of its connections.

    Raises:
        SocketLost, SocketRefused: as the port has it.
    """
    await _address(_client(api, app_token))


def _client(api: str, app_token: Secret) -> AsyncWebClient:
    try:
        token = app_token.reveal()  # as it is now: its source may have another than at the last connection
    except SecretError as error:
        raise SocketRefused(str(error)) from None
    return AsyncWebClient(token=token, base_url=api, timeout=CALL_LIMIT, retry_handlers=[])


async def _address(app: AsyncWebClient) -> str:
    """Of the next connection; as good as a token."""
    try:
        return str((await app.apps_connections_open(app_token=str(app.token)))["url"])
    except AWAY as error:
        kind = SocketRefused if code(error) in OPERATORS else SocketLost
        raise kind(named("apps.connections.open", error), retry_after(error)) from None
