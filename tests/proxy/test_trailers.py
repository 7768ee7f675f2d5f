"""Trailers of a response, which gRPC has its status in: searched like its headers."""

import asyncio
from collections import defaultdict

import h2.config
import h2.connection
import h2.events
import pytest

from tests.proxy.documents import credential, entry, rules
from tests.proxy.fence import Fence, Serve
from tests.proxy.test_scrubbing import REAL, SURROGATE

Headers = list[tuple[bytes, bytes]]


def serving(*, body: bytes, trailers: Headers) -> Serve:
    """An HTTP/2 server that answers each request alike."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        server.initiate_connection()
        writer.write(server.data_to_send())
        while data := await reader.read(65_536):
            for event in server.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    server.send_headers(event.stream_id, [(b":status", b"200"), (b"content-type", b"application/grpc")])
                    if body:
                        server.send_data(event.stream_id, body)
                    server.send_headers(event.stream_id, trailers, end_stream=True)
            writer.write(server.data_to_send())
            await writer.drain()
        writer.close()

    return serve


async def asked(fence: Fence, port: int) -> dict[str, object]:
    """What a client gets: by the name of each event, what it held."""
    reader, writer = await fence.connect("grpc.test", port, alpn="h2")
    client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    client.initiate_connection()
    target = [(":method", "GET"), (":scheme", "https"), (":authority", f"grpc.test:{port}"), (":path", "/")]
    client.send_headers(1, [*target, ("te", "trailers")], end_stream=True)
    writer.write(client.data_to_send())
    seen: dict[str, object] = defaultdict(list)
    try:
        async with asyncio.timeout(60):
            while "end" not in seen:
                for event in client.receive_data(await reader.read(65_536)):
                    if isinstance(event, h2.events.TrailersReceived):
                        seen["trailers"] = [tuple(header) for header in event.headers]
                    elif isinstance(event, h2.events.DataReceived):
                        seen["body"] = event.data
                    elif isinstance(event, h2.events.StreamEnded):
                        seen["end"] = True
    finally:
        writer.close()
    return dict(seen)


@pytest.mark.parametrize("body", [b"\x00\x00\x00\x00\x02ok", b""], ids=["with a body", "trailers only"])
async def test_a_value_in_them_becomes_its_surrogate(fence: Fence, body: bytes) -> None:
    trailers = [(b"grpc-status", b"16"), (b"grpc-message", f"bad token {REAL}".encode())]
    port = await fence.upstream("grpc.test", serving(body=body, trailers=trailers), alpn=["h2"])
    token = credential("TOKEN", surrogate=SURROGATE, value=REAL, hosts=["grpc.test"], ports=[port])
    await fence.use(rules(entry("grpc.test", ports=[port]), credentials=[token]))
    got = [trailers[0], (b"grpc-message", f"bad token {SURROGATE}".encode())]
    assert await asked(fence, port) == {**({"body": body} if body else {}), "trailers": got, "end": True}
    (line,) = await fence.logged(1)
    assert line["scrubbed"] == 1
