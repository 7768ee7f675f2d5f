"""What the stand-in internet saw: every connection, datagram, name query and HTTP request that reached it."""

from pydantic import JsonValue

from airut.models.base import Model


class Arrival(Model):
    """A TCP connection or a UDP datagram, recorded before anything is answered."""

    at: float
    """Seconds since the epoch."""
    monotonic: float
    transport: str
    """`tcp` or `udp`."""
    source: str
    source_port: int
    address: str
    """The address that was dialled."""
    port: int
    received: str = ""
    """The first bytes as Latin-1: a UDP payload, or what a TCP client that speaks neither TLS nor HTTP said."""


class Flow(Model):
    """Packets of one kind that came in over the wire, seen below every listener (of TCP only those that open)."""

    at: float
    """When the first came."""
    protocol: str
    """`tcp`, `udp`, `icmp`, `icmpv6`, or IANA's number."""
    source: str
    address: str
    port: int | None = None
    packets: int = 1


class DnsQuery(Model):
    """A question and what it was told."""

    at: float
    source: str
    address: str
    transport: str
    name: str
    """As asked, case kept, without the trailing dot."""
    type: str
    rcode: str
    answers: tuple[str, ...] = ()


class HttpRecord(Model):
    """A request that reached the echo server, whole: what the proxy really sent upstream."""

    at: float
    source: str
    address: str
    port: int
    tls: bool
    tls_name: str | None
    method: str
    target: str
    headers: dict[str, str]
    body: str
    """As Latin-1, cut at 64 KiB."""

    def document(self) -> JsonValue:
        return self.model_dump(mode="json")


class NameRecord(Model):
    """What the DNS says about a name. `*.example.com` covers every name below, `*` every other name."""

    name: str
    addresses: tuple[str, ...] = ()
    """IPv4 for A, IPv6 for AAAA; empty: the name exists and has none (NODATA)."""
    then: tuple[str, ...] | None = None
    """The addresses from the second answer on: DNS rebinding."""
    cname: str | None = None
    rcode: str = "NOERROR"
    """`SERVFAIL`, `NXDOMAIN`, `REFUSED`: the failure to answer with."""
    ttl: int = 60
    delay: float = 0
    """Seconds before the answer."""
    silent: bool = False
    """Never answer."""
