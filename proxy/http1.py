"""HTTP/1 towards the sandbox. Stands on mitmproxy 12.2's internals, like `layers.py`."""

from __future__ import annotations

import h11
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.net.http import http1
from mitmproxy.net.http.http1 import expected_http_body_size
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import RequestHeaders
from mitmproxy.proxy.layers.http._http1 import Http1Server, TBodyReader, make_body_reader

from proxy import acceptance
from proxy.block import Reason, Refused
from proxy.gate import Gate


class _WithoutTrailers:
    """Reads a body and drops its trailers (RFC 9110 §6.5.1): mitmproxy's HTTP/1 cannot pass them on, and would end the
    connection."""

    def __init__(self, reader: TBodyReader) -> None:
        self._reader = reader
        self.read_eof = reader.read_eof

    def __call__(self, buffer: ReceiveBuffer) -> h11.Event | None:
        event = self._reader(buffer)
        return h11.EndOfMessage() if isinstance(event, h11.EndOfMessage) else event


class FencedHttp1Server(Http1Server):
    """The head is checked as bytes before mitmproxy, which is lenient, parses it."""

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(context)
        self._gate = gate

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        """Replaces the parent's, whose errors are HTML and whose buffer has no limit."""
        if not isinstance(event, events.DataReceived):
            yield from super().read_headers(event)
            return
        client = self.context.client
        try:
            blank = len(self.buf) - len(bytes(self.buf).lstrip(b"\r\n"))
            self.buf.maybe_extract_at_most(blank)  # RFC 9112 §2.2: empty lines before a request are ignored
            if not acceptance.is_complete_head(bytes(self.buf)):
                self._gate.head_pending(client, bool(self.buf))
                return
            lines = self.buf.maybe_extract_lines() or []
            self.request = http1.read_request_head([bytes(line) for line in lines])
            size = expected_http_body_size(self.request)
        except Refused as refused:
            yield from self._refuse(refused)
        except ValueError:
            # The exception's text repeats the request, which may carry a secret; the kind of error is enough.
            yield from self._refuse(Refused(Reason.MALFORMED_REQUEST, "unreadable request head"))
        else:
            self._gate.head_pending(client, False)
            yield ReceiveHttp(RequestHeaders(self.stream_id, self.request, size == 0))
            self.body_reader = _WithoutTrailers(make_body_reader(size))  # type: ignore[assignment]  # the same calls
            self.state = self.read_body
            yield from self.state(event)

    def _refuse(self, refused: Refused) -> layer.CommandGenerator[None]:
        response = self._gate.refuse_head(self.context.client, refused)
        response.headers["Connection"] = "close"
        yield commands.SendData(self.conn, http1.assemble_response(response))  # type: ignore[no-untyped-call]
        yield commands.CloseConnection(self.conn)
        self.state = self.done
