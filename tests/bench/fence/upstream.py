"""The server behind the proxies of the bench: as little work as a server can do. Runs in a container, by itself.

`/small` some JSON · `/bytes/N` that many bytes · `/text/N` the same as text · `/events/COUNT/SECONDS` server-sent
events, each with the moment of its sending (CLOCK_MONOTONIC, which all containers of a host share).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time

import h2.config
import h2.connection
import h2.events

SMALL = b'{"id": 7, "state": "open", "title": "A small answer, as an API gives it", "labels": ["a", "b"]}'
BLOCK = 1 << 18
BINARY = bytes(range(256)) * (BLOCK // 256)
TEXT = b"A line of a log, or of a source file, as agents read them all day long. " * (BLOCK // 72)


def serve(address: str, port: int, certificate: str) -> None:
    """Runs until the container ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_server((address, port), backlog=256) as listener:
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=_connection, args=(accepted, context), daemon=True).start()


def _connection(accepted: socket.socket, context: ssl.SSLContext) -> None:
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError, EOFError), context.wrap_socket(accepted, server_side=True) as secured:
        (_http2 if secured.selected_alpn_protocol() == "h2" else _http1)(secured)


def _http1(connection: ssl.SSLSocket) -> None:
    pending = b""
    while True:
        while b"\r\n\r\n" not in pending:
            pending += _some(connection)
        head, _, pending = pending.partition(b"\r\n\r\n")
        _, what, *rest = head.split(b" ")[1].decode().split("/")
        if what == "events":
            _events(connection, int(rest[0]), float(rest[1]))
        elif what == "small":
            connection.sendall(_head("application/json", len(SMALL)) + SMALL)
        else:
            kind, block = ("text/plain", TEXT) if what == "text" else ("application/octet-stream", BINARY)
            size = int(rest[0])
            connection.sendall(_head(kind, size))
            view = memoryview(block)
            while size:
                piece = view[:size]
                connection.sendall(piece)
                size -= len(piece)


def _events(connection: ssl.SSLSocket, count: int, interval: float) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for number in range(count):
        if number:
            time.sleep(interval)
        event = b"event: tick\ndata: %.6f\n\n" % time.monotonic()
        connection.sendall(b"%x\r\n%s\r\n" % (len(event), event))
    connection.sendall(b"0\r\n\r\n")


def _head(kind: str, size: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode()


def _http2(connection: ssl.SSLSocket) -> None:
    """Small answers only."""
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    while True:
        for event in state.receive_data(_some(connection)):
            if isinstance(event, h2.events.StreamEnded):
                fields = [(":status", "200"), ("content-type", "application/json"), ("content-length", str(len(SMALL)))]
                state.send_headers(event.stream_id, fields)
                state.send_data(event.stream_id, SMALL, end_stream=True)
        connection.sendall(state.data_to_send())


def _some(connection: ssl.SSLSocket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise EOFError
    return data


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
