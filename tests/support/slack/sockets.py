"""Socket Mode as https://docs.slack.dev/apis/events-api/using-socket-mode describes it: a `hello`, envelopes that are to
be acknowledged by their id, and a `disconnect` before Slack closes. An event that is not acknowledged in time comes again,
on any open socket, up to three times; clicks do not."""

import asyncio
import json
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.support.slack.workspace import Json

RETRIES = 3


@dataclass
class Envelope:
    """What is sent over a socket until it is acknowledged."""

    id: str
    kind: str
    payload: Json
    tries: int = 0
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    response: Json | None = None
    """What the acknowledgement carried along."""


class Sockets:
    """Those that are open, and what was sent over them."""

    def __init__(self, ack_timeout: float, retry_delays: tuple[float, ...]) -> None:
        self.envelopes: list[Envelope] = []
        self.log: list[str] = []
        """What became of sockets, in order."""
        self.deaf = False
        """New sockets answer no pings, and say nothing of their own accord."""
        self.greets = True
        self.ack_timeout = ack_timeout
        """May be changed for what is sent from then on."""
        self._delays = retry_delays
        self._open: list[web.WebSocketResponse] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=not self.deaf)
        await socket.prepare(request)
        self.log.append("opened")
        if self.greets:
            await socket.send_json({"type": "hello", "num_connections": len(self._open) + 1,
                                    "connection_info": {"app_id": "A0AIRUT"}, "debug_info": {}})  # fmt: skip
        self._open.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and message.data.startswith("{"):
                    self._acknowledge(json.loads(message.data))
        finally:
            self._open.remove(socket)
            self.log.append("closed")
        return socket

    def _acknowledge(self, told: Json) -> None:
        for envelope in self.envelopes:
            if envelope.id == told.get("envelope_id"):
                envelope.response = told.get("payload")
                envelope.acknowledged.set()

    def __len__(self) -> int:
        return len(self._open)

    def stop(self) -> None:
        """Deliver nothing any more."""
        for task in self._sending:
            task.cancel()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every socket to make way for a new one, as Slack does now and then."""
        for socket in list(self._open):
            await socket.send_json({"type": "disconnect", "reason": reason})

    async def cut(self) -> None:
        """Close every socket without a word."""
        for socket in list(self._open):
            await socket.close()

    def send(self, id_: str, kind: str, payload: Json, retries: int) -> Envelope:
        """Deliver over one of the sockets; without an acknowledgement again."""
        envelope = Envelope(id_, kind, payload)
        self.envelopes.append(envelope)
        task = asyncio.create_task(self._deliver(envelope, retries))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return envelope

    async def _deliver(self, envelope: Envelope, retries: int) -> None:
        for attempt in range(retries + 1):
            socket = self._open[attempt % len(self._open)] if self._open else None
            if socket is not None and not socket.closed:
                envelope.tries += 1
                body: Json = {"envelope_id": envelope.id, "type": envelope.kind, "payload": envelope.payload,
                              "accepts_response_payload": envelope.kind == "interactive"}  # fmt: skip
                if envelope.kind == "events_api":
                    body |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
                await socket.send_json(body)
                try:
                    await asyncio.wait_for(envelope.acknowledged.wait(), self.ack_timeout)
                    return
                except TimeoutError:
                    pass
            if attempt < retries:
                await asyncio.sleep(self._delays[min(attempt, len(self._delays) - 1)])
