"""The one addon: puts the steps in mitmproxy's hooks, in order, and lets nothing pass that it has not cleared."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial

from mitmproxy import connection, http

from proxy import block, responses, whole
from proxy.acceptance import Fields, Head
from proxy.access_log import AccessLog
from proxy.block import Reason, Refused
from proxy.clients import Clients
from proxy.concealment import MintedBody
from proxy.decision import Clearance, Resolve, admit, clear
from proxy.held import HeldBodies
from proxy.known_values import KnownValues
from proxy.record import Record
from proxy.reload import LiveRules
from proxy.scrub import Needles
from proxy.settings import PROBE_HOST, Ports
from proxy.sightings import Sightings

NOWHERE = ("255.255.255.255", 1)  # where a request goes that nobody has cleared: no address to connect to
logger = logging.getLogger(__name__)


class Fence:
    """Decides each request and writes it down; `gate.Gate` for the layers."""

    def __init__(self, rules: LiveRules, log: AccessLog, ports: Ports, resolve: Resolve, clients: Clients) -> None:
        self._rules = rules
        self._log = log
        self._ports = ports
        self._resolve = resolve
        self._clients = clients
        self._records: dict[str, Record] = {}
        self._cleared: set[str] = set()
        self._awaited = HeldBodies()
        self._known = KnownValues(log.learn)
        self._stopped = False

    # --- connections ---------------------------------------------------------------------------------------------

    def client_disconnected(self, client: connection.Client) -> None:
        """Writes down what the client left unfinished."""
        for flow_id in [flow_id for flow_id, record in self._records.items() if record.client == client.id]:
            self._finish(flow_id, error="client disconnected")

    def head_pending(self, client: connection.Client, pending: bool) -> None:
        """Whether a request head has been begun and not finished."""
        self._clients.head_pending(client, pending)

    def refuse_connection(self, client: connection.Client, reason: str) -> None:
        """Records a connection that is closed before it could ask for anything."""
        port = self._ports.of_bound(client.sockname[1])
        self._log.write("tls", {"decision": "blocked", "reason": reason, "port": port})

    # --- requests ------------------------------------------------------------------------------------------------

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Decides; every way out of here that is not the last line leaves the flow refused."""
        try:
            head = self._head(flow)
            record = self._begin(flow, head)
            try:
                self._check_connection(flow, head)
                rules = self._rules.current()
                admitted = admit(rules, head)
                record.rule, record.comment = admitted.entry.rule, admitted.entry.comment
                every = self._known.added_to(rules)
                clearance = await clear(every, head, admitted, self._resolve)
                record.sightings = Sightings(every.surrogates())
                record.needles = self._known.needles(rules)
                self._clear(flow, head, record, clearance)
            except Refused as refused:
                self.refuse(flow, refused)
        except Exception:
            logger.exception("a request could not be decided")
            self.refuse(flow, Refused(Reason.INTERNAL_ERROR))

    def _head(self, flow: http.HTTPFlow) -> Head:
        client, data = flow.client_conn, flow.request.data
        return Head(
            tls=client.tls_established,
            sni=client.sni,
            port=self._ports.of_bound(client.sockname[1]),
            http2=flow.request.is_http2,
            method=data.method,
            target=data.path,
            authority=data.authority,
            fields=tuple(flow.request.headers.fields),
        )

    def _begin(self, flow: http.HTTPFlow, head: Head) -> Record:
        client = flow.client_conn
        record = Record(client.id, "https" if head.tls else "http", head.port, protocol=flow.request.http_version)
        named = head.authority or flow.request.headers.get("host", "").encode("utf-8", "surrogateescape")
        record.describe(head.method, named.decode("ascii", "backslashreplace").lower(), head.target)
        # Only the proxy has its own address as a source in the sandbox network: the readiness probe is not traffic.
        record.is_probe = client.peername[0] == client.sockname[0] and record.host == PROBE_HOST
        self._records[flow.id] = record
        self.head_pending(client, False)
        return record

    def _check_connection(self, flow: http.HTTPFlow, head: Head) -> None:
        if flow.error is not None and head.method != b"CONNECT":
            raise Refused(Reason.MALFORMED_REQUEST, "conflicting or malformed framing")
        if not self._log.is_writable():
            raise Refused(Reason.INTERNAL_ERROR, "the access log cannot be written")

    def _clear(self, flow: http.HTTPFlow, head: Head, record: Record, clearance: Clearance) -> None:
        """Turns the request into the one that goes upstream; the flow is cleared by the very last statement."""
        asked, data = clearance.asked, flow.request.data
        addresses = [str(address) for address in clearance.addresses]
        address = self._clients.open(flow.client_conn, asked.host, asked.port, addresses)
        record.host, record.upstream_ip = asked.host, address
        record.credentials, record.stripped = clearance.credentials, clearance.stripped
        record.surrogate_in, record.mint = clearance.surrogate_in, clearance.mint
        record.aws = None if clearance.claim is None else clearance.claim.shown(datetime.now(UTC))
        data.host, data.port, data.scheme = address, asked.port, asked.scheme.encode("ascii")
        data.authority = clearance.authority.encode("ascii") if head.http2 else b""
        data.path, data.headers = clearance.target, http.Headers(clearance.fields)
        if clearance.body.is_needed:
            self._awaited.expect(flow.id, clearance.body, clearance.fields)
            return
        rewrite = clearance.rewrite
        flow.request.stream = record.count_out if rewrite is None else partial(record.rewrite_out, rewrite)
        record.decision, record.reason = "allowed", None
        self._cleared.add(flow.id)

    def awaits_body(self, flow: http.HTTPFlow) -> bool:
        """Whether only the body is left to be judged."""
        return flow.id in self._awaited and flow.response is None

    def hold(self, flow: http.HTTPFlow, size: int) -> None:
        """Counts the bytes that are kept, for one request and for all."""
        self._awaited.add(flow.id, size)

    def request(self, flow: http.HTTPFlow) -> None:
        """Completes a request whose body had to be there as a whole, and clears it by the very last statement."""
        awaited = self._awaited.take(flow.id)
        if awaited is None:
            return
        try:
            data, record = flow.request.data, self._records[flow.id]
            done = whole.complete(awaited, data.path, data.headers.fields, data.content or b"", datetime.now(UTC))
            data.path, data.headers = done.target, http.Headers(done.fields)
            data.content, data.trailers = done.body, None
            record.graphql, record.tools = done.graphql, done.tools
            record.credentials = tuple(dict.fromkeys((*record.credentials, *done.names)))
            record.mint = done.mint or record.mint
            record.count_out(done.body)
            record.decision, record.reason = "allowed", None
            self._cleared.add(flow.id)
        except Refused as refused:
            self.refuse(flow, refused)
        except Exception:
            logger.exception("a body could not be judged")
            self.refuse(flow, Refused(Reason.INTERNAL_ERROR))

    def is_cleared(self, flow: http.HTTPFlow) -> bool:
        """Whether the decision was taken to its end and let this request pass."""
        return flow.id in self._cleared and flow.response is None

    def refuse(self, flow: http.HTTPFlow, refused: Refused) -> None:
        """Takes any clearance back and answers with the block page."""
        self._cleared.discard(flow.id)
        self._awaited.take(flow.id)
        record = self._records.get(flow.id)
        if record is None:
            record = self._records[flow.id] = Record(flow.client_conn.id, "", 0)
        record.refuse(refused)
        flow.request.headers.pop("expect", None)
        flow.response = _response(record, refused)

    def refuse_head(self, client: connection.Client, refused: Refused) -> http.Response:
        """Writes down a request whose head could not be read, and answers it."""
        port = self._ports.of_bound(client.sockname[1])
        record = Record(client.id, "https" if client.tls_established else "http", port, host=client.sni or "")
        record.refuse(refused)
        record.status = block.status(refused.reason)
        self._log.write("http", record.line())
        return _response(record, refused)

    # --- the way back --------------------------------------------------------------------------------------------

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Prepares the way back, chunk by chunk; a response that was not prepared to the end goes nowhere."""
        try:
            response, record = flow.response, self._records[flow.id]
            assert response is not None
            # The only ports here are the proxy's own, and it speaks no HTTP/3.
            response.headers.pop("alt-svc", None)
            self._scrub(flow, response, record)
            record.answered(response.status_code)
            record.is_inspected = True
        except Refused as refused:
            self.refuse(flow, refused)
        except Exception:
            logger.exception("a response could not be set up")
            flow.kill()  # type: ignore[no-untyped-call]

    def _scrub(self, flow: http.HTTPFlow, response: http.Response, record: Record) -> None:
        fields, record.scrubbed = responses.scrub_fields(response.headers.fields, record.needles)
        response.data.reason, found = record.needles.replace(response.data.reason)
        record.scrubbed += found
        body = None
        if flow.request.method != "HEAD" and response.status_code >= 200 and response.status_code not in (204, 304):
            body = self._minted_body(fields, response.status_code, record) or responses.body(fields, record.needles)
        if body is None:
            response.stream = record.count_in
        else:
            keeps = record.needles.keeps_length and not isinstance(body, MintedBody)
            chunked = flow.request.http_version == "HTTP/1.1"
            fields = responses.reframe(fields, keeps_length=keeps, chunked=chunked)
            response.stream = partial(record.scrub_in, body)
        response.headers = http.Headers(fields)

    def _minted_body(self, fields: Fields, status: int, record: Record) -> MintedBody | None:
        if record.mint is None:
            return None

        def needles() -> Needles:
            record.needles = self._known.needles(self._rules.current())
            return record.needles

        return self._known.minted_body(record.mint, fields, status, needles)

    def is_inspected(self, flow: http.HTTPFlow) -> bool:
        """Whether the response of this flow was prepared to its end."""
        record = self._records.get(flow.id)
        return record is not None and record.is_inspected

    def scrub_trailers(self, flow: http.HTTPFlow, trailers: http.Headers) -> http.Headers:
        """Trailers without real values."""
        record = self._records[flow.id]
        fields, found = responses.scrub_fields(trailers.fields, record.needles)
        record.scrubbed += found
        return http.Headers(fields)

    def response(self, flow: http.HTTPFlow) -> None:
        """The request is over, unless it became a WebSocket."""
        record = self._records.get(flow.id)
        if record is not None and flow.response is not None:
            record.status = flow.response.status_code
        self._finish(flow.id)
        if flow.websocket is not None and record is not None:
            self._records[flow.id] = record

    def error(self, flow: http.HTTPFlow) -> None:
        """The request ended without a whole response."""
        self._finish(flow.id, error=flow.error.msg[:200] if flow.error is not None else "unknown")

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """Counts and scrubs a message, and lets go of it: mitmproxy would keep each as long as the socket is open."""
        record = self._records.get(flow.id)
        if flow.websocket is None or record is None:
            return
        for message in flow.websocket.messages:
            count = record.count_out if message.from_client else record.count_in
            count(message.content)
            if message.is_text and not message.from_client:
                message.content, found = record.needles.replace(message.content)
                record.scrubbed += found
        flow.websocket.messages.clear()

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """The WebSocket is over."""
        self._finish(flow.id, kind="ws")

    def done(self) -> None:
        """Shutdown: what is still open is written down."""
        for flow_id in list(self._records):
            self._finish(flow_id, error="proxy stopped")
        self._stopped = True

    def _finish(self, flow_id: str, *, kind: str = "http", error: str | None = None) -> None:
        self._cleared.discard(flow_id)
        self._awaited.take(flow_id)
        record = self._records.pop(flow_id, None)
        if record is not None and not record.is_probe and not self._stopped:
            record.error = error
            self._log.write(kind, record.line())


def _response(record: Record, refused: Refused) -> http.Response:
    body = block.body(record.asked(), refused)
    return http.Response.make(block.status(refused.reason), body, block.headers(refused.reason))
