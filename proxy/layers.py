"""mitmproxy's HTTP layers, changed where their default is to go on: a request passes only after it was cleared.

Everything here stands on mitmproxy 12.2's internals; what each override replaces is said at its place.
"""

from __future__ import annotations

import logging
import time

from mitmproxy import connection, flow, http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ClientTLSLayer
from mitmproxy.proxy.layers.http import (
    DropStream,
    GetHttpConnection,
    HttpLayer,
    HTTPMode,
    HttpStream,
    SendHttp,
    validate_request,
)
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    ResponseTrailers,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook, HttpRequestHeadersHook, HttpRequestHook, HttpResponseHook

from proxy import acceptance
from proxy.aws.signature import Malformed
from proxy.block import Reason, Refused
from proxy.codings import Undecodable
from proxy.gate import Gate
from proxy.http1 import FencedHttp1Server

logger = logging.getLogger(__name__)


class FencedStream(HttpStream):
    """One request and its response."""

    def __init__(self, context: Context, stream_id: int, gate: Gate) -> None:
        super().__init__(context, stream_id)
        self._gate = gate
        self._body_size = 0

    def state_wait_for_request_headers(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Replaces the parent's: without a clearance the answer goes out at once, and the body nowhere."""
        assert isinstance(event, RequestHeaders)
        self.flow = http.HTTPFlow(self.context.client, self.context.server)
        self.flow.request = event.request
        self.flow.live = True
        invalid = validate_request(HTTPMode.transparent, self.flow.request, validate_inbound_headers=True)
        if invalid:
            self.flow.error = flow.Error(invalid)
        yield HttpRequestHeadersHook(self.flow)
        if (yield from self.check_killed(True)):
            return
        awaits_body = self._gate.awaits_body(self.flow)
        if invalid or self.flow.response or not (awaits_body or self._gate.is_cleared(self.flow)):
            yield from self._answer(close=invalid is not None, whole=event.end_stream)
            return
        if self.flow.request.headers.get("expect", "").lower() == "100-continue":
            proceed = http.Response.make(100)
            proceed.headers.clear()
            yield SendHttp(ResponseHeaders(self.stream_id, proceed), self.context.client)
            self.flow.request.headers.pop("expect")
        self.server_state = self.state_wait_for_response_headers
        if event.end_stream or awaits_body:
            self.client_state = self.state_consume_request_body
        else:
            yield from self.start_request_stream()

    def state_consume_request_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Replaces the parent's: a body is kept within a limit, and leaves only when it was judged and cleared."""
        if isinstance(event, RequestData):
            try:
                self._gate.hold(self.flow, len(event.data))
                self.request_body_buf += event.data
            except Refused as refused:
                self.request_body_buf.clear()  # type: ignore[no-untyped-call]
                self._gate.refuse(self.flow, refused)
                yield from self._answer(close=True, whole=False)
        elif isinstance(event, RequestEndOfMessage):
            self.flow.request.timestamp_end = time.time()
            self.flow.request.data.content = bytes(self.request_body_buf)
            self.request_body_buf.clear()  # type: ignore[no-untyped-call]
            self.client_state = self.state_done
            yield HttpRequestHook(self.flow)
            if (yield from self.check_killed(True)):
                return
            if self.flow.response or not self._gate.is_cleared(self.flow):
                yield from self._answer(close=False, whole=True)
            else:
                yield from self._send_whole()

    def _send_whole(self) -> layer.CommandGenerator[None]:
        if not (yield from self.make_server_connection()):
            return
        content = self.flow.request.raw_content
        yield SendHttp(RequestHeaders(self.stream_id, self.flow.request, not content), self.context.server)
        if content:
            yield SendHttp(RequestData(self.stream_id, content), self.context.server)
            self.flow.request.data.content = None  # on its way: of use to nobody here
        yield SendHttp(RequestEndOfMessage(self.stream_id), self.context.server)

    def start_request_stream(self) -> layer.CommandGenerator[None]:
        """Replaces the parent's, which leaves an HTTP/2 body without framing on an HTTP/1 connection."""
        if not (yield from self.make_server_connection()):
            return
        request = self.flow.request
        if request.is_http2 and self.context.server.alpn != b"h2" and "content-length" not in request.headers:
            # Otherwise the upstream would read the body as a second request, one that nobody has judged.
            request.headers["transfer-encoding"] = "chunked"
        yield SendHttp(RequestHeaders(self.stream_id, request, end_stream=False), self.context.server)
        self.client_state = self.state_stream_request_body

    def state_stream_request_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Adds the limit on what is streamed, which mitmproxy would apply to responses as well."""
        if isinstance(event, RequestData):
            self._body_size += len(event.data)
            if self._body_size > acceptance.MAX_BODY:
                yield from self._abort_upload(Refused(Reason.BODY_TOO_LARGE))
                return
        try:
            # The parent's annotation leaves out the trailers its own decorator admits.
            yield from super().state_stream_request_body(event)  # pyright: ignore[reportArgumentType]
        except Malformed as error:
            yield from self._abort_upload(Refused(Reason.AWS_RESIGN_FAILED, str(error)))

    def _abort_upload(self, refused: Refused) -> layer.CommandGenerator[None]:
        if self.server_state == self.state_wait_for_response_headers:
            cancel = RequestProtocolError(self.stream_id, "request body refused", ErrorCode.CANCEL)
            yield SendHttp(cancel, self.context.server)
            self._gate.refuse(self.flow, refused)
            yield from self._answer(close=True, whole=False)
            return
        yield from self._break_off(f"request body refused: {refused.reason.value}")

    def _break_off(self, problem: str) -> layer.CommandGenerator[None]:
        """Ends both sides in the middle: the client must not take what it has for the whole."""
        yield SendHttp(RequestProtocolError(self.stream_id, problem, ErrorCode.CANCEL), self.context.server)
        self.client_state = self.server_state = self.state_errored
        self.flow.error = flow.Error(problem)
        yield HttpErrorHook(self.flow)
        yield SendHttp(ResponseProtocolError(self.stream_id, problem, ErrorCode.CANCEL), self.context.client)
        yield DropStream(self.stream_id)

    def state_wait_for_response_headers(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Adds: a response that the addon refused, or did not prepare to the end, goes no further."""
        assert isinstance(event, ResponseHeaders)
        yield from super().state_wait_for_response_headers(event)
        if self.server_state == self.state_errored or self._gate.is_inspected(self.flow):
            return
        if self.flow.response is event.response:
            self._gate.refuse(self.flow, Refused(Reason.INTERNAL_ERROR, "the response was not inspected"))
        cancel = RequestProtocolError(self.stream_id, "response refused", ErrorCode.CANCEL)
        yield SendHttp(cancel, self.context.server)
        yield from self._answer(close=False, whole=self.client_state == self.state_done)

    def start_response_stream(self) -> layer.CommandGenerator[None]:
        """Adds the same: nothing of such a response is sent."""
        if self._gate.is_inspected(self.flow):
            yield from super().start_response_stream()

    def state_stream_response_body(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Adds the search of trailers, and an end for a body that is not what its coding says."""
        if isinstance(event, ResponseTrailers):
            event.trailers = self._gate.scrub_trailers(self.flow, event.trailers)
        try:
            # The parent's annotation leaves out the trailers its own decorator admits.
            yield from super().state_stream_response_body(event)  # pyright: ignore[reportArgumentType]
        except Undecodable as error:
            yield from self._break_off(f"undecodable response: {error}")

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        """Replaces the parent's, whose failure is an HTML page."""
        request = self.flow.request
        opened, problem = yield GetHttpConnection((request.host, request.port), request.scheme == "https", None, "tcp")
        if problem:
            self._gate.refuse(self.flow, _upstream_failure(problem))
            yield from self._answer(close=False, whole=self.client_state == self.state_done)
            return False
        self.context.server = self.flow.server_conn = opened
        return True

    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> layer.CommandGenerator[None]:
        """Answers for an upstream that ended before it answered; the parent's page is HTML."""
        waiting = self.server_state == self.state_wait_for_response_headers
        if not waiting or not isinstance(event, ResponseProtocolError):
            yield from super().handle_protocol_error(event)
            return
        whole = self.client_state == self.state_done
        self._gate.refuse(self.flow, _upstream_failure(event.message))
        yield from self._answer(close=False, whole=whole)

    def _answer(self, *, close: bool, whole: bool) -> layer.CommandGenerator[None]:
        """Sends the refusal now; whatever the client still sends on this stream is read and dropped."""
        if self.flow.response is None:
            self._gate.refuse(self.flow, Refused(Reason.INTERNAL_ERROR, "not cleared"))
        response = self.flow.response
        assert response is not None
        self.client_state = self.server_state = self.state_errored
        if not whole and not self.flow.request.is_http2:
            # A client that was told no before its body was read cannot know where the next request starts.
            response.headers["Connection"] = "close"
        response.timestamp_end = time.time()
        self.flow.error = None
        yield HttpResponseHook(self.flow)
        self.flow.live = False
        yield SendHttp(ResponseHeaders(self.stream_id, response, end_stream=False), self.context.client)
        if self.flow.request.method != "HEAD" and response.raw_content:
            yield SendHttp(ResponseData(self.stream_id, response.raw_content), self.context.client)
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)
        if close and not self.flow.request.is_http2 and self.context.client.connected:
            yield commands.CloseConnection(self.context.client)
        yield DropStream(self.stream_id)


def _upstream_failure(problem: str) -> Refused:
    _, failed, fault = problem[:200].partition("Certificate verify failed: ")
    if failed:
        return Refused(Reason.UPSTREAM_CERTIFICATE_INVALID, fault)
    # What an upstream sent instead of HTTP is not repeated: the text would carry it.
    said = problem.partition(":")[0] if problem.startswith(_QUOTING) else problem[:200]
    return Refused(Reason.UPSTREAM_UNREACHABLE, said)


_QUOTING = ("unexpected server response", "Cannot parse HTTP response", "Received ")


class FencedHttpLayer(HttpLayer):
    """The HTTP part of one client connection, made of the classes above."""

    def __init__(self, context: Context, gate: Gate) -> None:
        super().__init__(context, HTTPMode.transparent)
        self._gate = gate

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Ends the connection on an error of ours or mitmproxy's, which would otherwise leave the client hanging."""
        if isinstance(event, events.ConnectionEvent) and not self._is_known(event.connection):
            return
        if isinstance(event, events.Start) and self.context.client.alpn != b"h2":
            self.connections[self.context.client] = FencedHttp1Server(self.context.fork(), self._gate)
        try:
            yield from super()._handle_event(event)
        except Exception:
            logger.exception("a connection was closed after an error")
            if self.context.client.connected:
                yield commands.CloseConnection(self.context.client)

    def _is_known(self, conn: connection.Connection) -> bool:
        return conn in self.connections or conn == self.context.server

    def make_stream(self, stream_id: int) -> layer.CommandGenerator[None]:
        """Replaces the parent's: our streams."""
        self.streams[stream_id] = FencedStream(self.context.fork(), stream_id, self._gate)
        yield from self.event_to_child(self.streams[stream_id], events.Start())

    def get_connection(self, event: GetHttpConnection, *, reuse: bool = True) -> layer.CommandGenerator[None]:
        """Forgets connections that failed: the parent would repeat their error for as long as the client stays."""
        failed = [conn for conn in self.connections if isinstance(conn, connection.Server) and conn.error]
        for conn in failed:
            if conn not in self.waiting_for_establishment:
                del self.connections[conn]
        yield from super().get_connection(event, reuse=reuse)


class FencedTlsLayer(ClientTLSLayer):
    """TLS towards the sandbox."""

    def on_handshake_error(self, err: str) -> layer.CommandGenerator[None]:
        """Closes once: cancelled a second time, mitmproxy 12.2's connection task ends without closing its socket."""
        if self.conn.connected:
            yield from super().on_handshake_error(err)
        else:
            self.event_to_child = self.errored  # type: ignore[method-assign]


class ClosingLayer(layer.Layer):
    """Ends a connection that is neither TLS nor HTTP."""

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)
