"""TLS, plain HTTP, or neither: told by a connection's first bytes; whether it is allowed is decided later."""

from __future__ import annotations

from typing import Protocol

from mitmproxy import connection
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import layer, tunnel

from proxy.gate import Gate
from proxy.layers import ClosingLayer, FencedHttpLayer, FencedTlsLayer

ENOUGH = 3  # bytes: a TLS record's type and version, or half of the shortest method and its blank


class ConnectionGate(Gate, Protocol):
    """The gate, and what it is told of connections that are closed at once."""

    def refuse_connection(self, client: connection.Client, reason: str) -> None:
        """Records a connection that is closed before it could ask for anything."""
        ...


class NextLayer:
    """Takes the place of mitmproxy's addon of this name, which would pass other protocols on."""

    def __init__(self, gate: ConnectionGate) -> None:
        self._gate = gate

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Chooses the layers above TCP."""
        data: bytes = nextlayer.data_client()  # type: ignore[no-untyped-call]
        if nextlayer.layer is not None or len(data) < ENOUGH:
            return
        context = nextlayer.context
        if starts_like_tls_record(data):
            stack = tunnel.LayerStack()
            stack /= FencedTlsLayer(context)
            stack /= FencedHttpLayer(context, self._gate)
            nextlayer.layer = stack[0]
        elif data.lstrip(b"\r\n")[:ENOUGH].isalpha() or not data.strip(b"\r\n"):
            nextlayer.layer = FencedHttpLayer(context, self._gate)
        else:
            self._gate.refuse_connection(context.client, "not_http")
            nextlayer.layer = ClosingLayer(context)
