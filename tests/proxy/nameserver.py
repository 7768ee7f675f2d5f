"""The name server that the proxy asks."""

import asyncio
import ipaddress
import struct


class NameServer(asyncio.DatagramProtocol):
    """Answers A queries from a table; counts every query, so that a test can say that there was none."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.ttl = 60

    async def start(self) -> str:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return "127.0.0.1:" + str(self._transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        labels, offset = [], 12
        while length := data[offset]:
            labels.append(data[offset + 1 : offset + 1 + length].decode())
            offset += 1 + length
        question = data[12 : offset + 5]
        qtype = struct.unpack_from("!H", data, offset + 1)[0]
        name = ".".join(labels).lower()
        self.asked.append(name)
        known = [ipaddress.ip_address(text) for text in self.names.get(name, [])]
        found = [address.packed for address in known if (address.version == 4) == (qtype == 1)]
        answers = b"".join(struct.pack("!HHHIH", 0xC00C, qtype, 1, self.ttl, len(raw)) + raw for raw in found)
        rcode = 0 if name in self.names else 3
        header = data[:2] + struct.pack("!5H", 0x8180 | rcode, 1, len(found), 0, 0)
        self._transport.sendto(header + question + answers, addr)
