"""Make ports of the machine's loopback reach the same ports inside a lab: listen out there, connect in here."""

import asyncio
import os
import socket
import sys


def listen(port: int) -> socket.socket | None:
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        print(f"[lab] 127.0.0.1:{port} is not published: {error.strerror}", file=sys.stderr)
        return None
    listener.setblocking(False)
    return listener


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()


async def serve(listener: socket.socket) -> None:
    port = listener.getsockname()[1]

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    async with await asyncio.start_server(relay, sock=listener) as server:
        await server.serve_forever()


async def main(listeners: list[socket.socket]) -> None:
    await asyncio.gather(*(serve(listener) for listener in listeners))


if __name__ == "__main__":
    outside, user, group, *ports = (int(word) for word in sys.argv[1:])
    inside = os.open("/proc/self/ns/net", os.O_RDONLY)
    os.setns(outside, os.CLONE_NEWNET)
    bound = [listener for port in ports if (listener := listen(port))]
    os.setns(inside, os.CLONE_NEWNET)
    os.close(outside)
    os.close(inside)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    asyncio.run(main(bound))
