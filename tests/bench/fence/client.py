"""The client of the bench: one order a line on standard input, one answer a line. Runs in a container, by itself.

It has one request under way at a time, measures with CLOCK_MONOTONIC, and says times in seconds.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import h2.config
import h2.connection
import h2.events

HOST = "bench.example.com"
PORT = 443
BUFFER = 1 << 18
PATIENCE = 120.0  # seconds without a byte: a lane that hangs must not hang the bench


def connect(address: str, protocol: str) -> ssl.SSLSocket:
    # Each lane has an authority of its own, and what is measured is not whether we like it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    plain = socket.create_connection((address, PORT), PATIENCE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    secured = context.wrap_socket(plain, server_hostname=HOST)
    assert secured.selected_alpn_protocol() == protocol
    return secured


class Http1:
    """One connection."""

    def __init__(self, address: str, token: str) -> None:
        self._socket = connect(address, "http/1.1")
        self._token = token

    def begin(self, target: str) -> bytes:
        """Sends a request; what of the body came along with the head of the answer."""
        fields = f"Host: {HOST}\r\nAuthorization: Bearer {self._token}\r\nAccept: */*\r\nUser-Agent: bench"
        self._socket.sendall(f"GET {target} HTTP/1.1\r\n{fields}\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more()
        head, _, rest = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), received[:2000]
        lines = head.lower().split(b"\r\n")
        sizes = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
        self.size = sizes[0] if sizes else None
        return rest

    def more(self) -> bytes:
        data = self._socket.recv(BUFFER)
        assert data, "the connection was closed"
        return data

    def get(self, target: str) -> int:
        """The size of the answer's body."""
        done = len(self.begin(target))
        if self.size is None:  # a proxy that searches a text does not know how long it will be
            return done + self._rest_of_chunks()
        buffer = memoryview(bytearray(BUFFER))
        while done < self.size:
            count = self._socket.recv_into(buffer)
            assert count, "the connection was closed"
            done += count
        return done

    def _rest_of_chunks(self) -> int:
        done, tail = 0, b""
        while not tail.endswith(b"0\r\n\r\n"):
            data = self.more()
            done += len(data)
            tail = (tail + data)[-5:]
        return done

    def close(self) -> None:
        self._socket.close()


class Http2:
    """One connection, one stream at a time."""

    def __init__(self, address: str, token: str) -> None:
        self._socket = connect(address, "h2")
        self._token = token
        self._state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._state.initiate_connection()
        self._socket.sendall(self._state.data_to_send())

    def get(self, target: str) -> int:
        fields = {":method": "GET", ":scheme": "https", ":authority": HOST, ":path": target}
        fields |= {"authorization": f"Bearer {self._token}", "accept": "*/*", "user-agent": "bench"}
        stream = self._state.get_next_available_stream_id()
        self._state.send_headers(stream, list(fields.items()), end_stream=True)
        done = 0
        while True:
            self._socket.sendall(self._state.data_to_send())
            data = self._socket.recv(BUFFER)
            assert data, "the connection was closed"
            for event in self._state.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    assert (b":status", b"200") in [(_bytes(name), _bytes(value)) for name, value in event.headers]
                elif isinstance(event, h2.events.DataReceived):
                    done += len(event.data)
                    self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    return done

    def close(self) -> None:
        self._socket.close()


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def requests(address: str, token: str, protocol: str, fresh: bool, count: int) -> list[float]:
    """Seconds of each request; `fresh`: with a connection of its own."""
    kind: Callable[[str, str], Http1 | Http2] = Http1 if protocol == "http/1.1" else Http2
    connection = None if fresh else kind(address, token)
    if connection:
        connection.get("/small")  # the proxy's own connection is made
    taken = []
    for _ in range(count):
        begun = time.monotonic()
        used = connection or kind(address, token)
        used.get("/small")
        taken.append(time.monotonic() - begun)
        if used is not connection:
            used.close()
    if connection:
        connection.close()
    return taken


def download(address: str, token: str, kind: str, streams: int, size: int) -> float:
    """Seconds for `size` bytes in all."""
    share = size // streams
    received: list[int] = []

    def one() -> None:
        connection = Http1(address, token)
        received.append(connection.get(f"/{kind}/{share}"))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(streams)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.monotonic() - begun
    assert len(received) == streams
    assert min(received) >= share, received
    return taken


def events(address: str, token: str, count: int, interval: float) -> list[float]:
    """Seconds from the connection's begin to the first event, then for each later one from sending to arrival."""
    begun = time.monotonic()
    connection = Http1(address, token)
    pending = connection.begin(f"/events/{count}/{interval}")
    taken: list[float] = []
    while len(taken) < count:
        while (end := pending.find(b"\n\n")) < 0:
            pending += connection.more()
        now = time.monotonic()
        sent = float(pending[:end].rpartition(b"data: ")[2])
        taken.append(now - sent if taken else now - begun)
        pending = pending[end + 2 :]
    connection.close()
    return taken


def names(address: str, token: str, rate: int, seconds: int) -> list[float]:
    """Seconds from each question to its answer, of so many in each second, every name another one; lost ones are left
    out."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.connect((address, 53))
    connection.settimeout(2.0)
    count = rate * seconds
    asked = [0.0] * count
    taken: list[float] = []

    def receive() -> None:
        while len(taken) < count:
            try:
                data = connection.recv(2048)
            except TimeoutError:
                return
            assert data[2] & 0x80
            assert data[3] & 0x0F == 0
            taken.append(time.monotonic() - asked[int.from_bytes(data[:2])])

    receiver = threading.Thread(target=receive)
    receiver.start()
    begun = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        label = f"{token[:8]}{number}".encode()
        question = bytes([len(label)]) + label + b"\x07example\x03com\0\0\x01\0\x01"
        asked[number] = time.monotonic()
        connection.send(struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + question)
    receiver.join()
    return taken


ORDERS: dict[str, Callable[..., Any]] = {
    "requests": requests,
    "download": download,
    "events": events,
    "names": names,
}

if __name__ == "__main__":
    for line in sys.stdin:
        order = json.loads(line)
        answer = ORDERS[order.pop("do")](**order)
        print(json.dumps(answer), flush=True)
