"""The DNS of the stand-in internet: answers from a table, forwards nothing, remembers every question."""

import asyncio
import time

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from airut.demo.records import DnsQuery, NameRecord

MAX_CNAMES = 8  # a loop in a test's table ends


class NameServer:
    """Authoritative for everything: a name that is not in the table does not exist."""

    def __init__(self, *records: NameRecord) -> None:
        self._initial = records
        self._names: dict[str, NameRecord] = {}
        self._asked: set[str] = set()
        self.queries: list[DnsQuery] = []
        self.reset()

    def set(self, record: NameRecord) -> None:
        name = _folded(record.name)
        self._names[name] = record
        self._asked.discard(name)

    def reset(self) -> None:
        """Forget the questions, and the names that were added."""
        self._names = {_folded(record.name): record for record in self._initial}
        self._asked.clear()
        self.queries.clear()

    async def answer(self, wire: bytes, source: str, address: str, transport: str) -> bytes | None:
        """The answer to a message (RFC 1035), None where none is to be sent."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or not query.question:
            return None
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        record = self._find(name)
        response = dns.message.make_response(query, recursion_available=True)
        response.set_rcode(dns.rcode.from_text(record.rcode if record else "NXDOMAIN"))
        answers: tuple[str, ...] = ()
        if record and response.rcode() == dns.rcode.NOERROR:
            answers = self._fill(response, name, record, question.rdtype)
        asked = DnsQuery(
            at=time.time(), source=source, address=address, transport=transport, name=name,
            type=dns.rdatatype.to_text(question.rdtype), rcode=dns.rcode.to_text(response.rcode()), answers=answers,
        )  # fmt: skip
        self.queries.append(asked)
        if record and record.delay:
            await asyncio.sleep(record.delay)
        if record and record.silent:
            return None
        return response.to_wire(max_size=65535 if transport == "tcp" else max(query.payload, 512))

    def _find(self, name: str) -> NameRecord | None:
        labels = _folded(name).split(".")
        wildcards = ("*." + ".".join(labels[start:]) for start in range(1, len(labels)))
        candidates = (_folded(name), *wildcards, "*")
        return next((self._names[candidate] for candidate in candidates if candidate in self._names), None)

    def _fill(
        self, response: dns.message.Message, name: str, record: NameRecord, wanted: dns.rdatatype.RdataType
    ) -> tuple[str, ...]:
        answers: list[str] = []
        for _ in range(MAX_CNAMES):
            if not record.cname:
                break
            response.answer.append(dns.rrset.from_text(name + ".", record.ttl, "IN", "CNAME", record.cname + "."))
            answers.append(record.cname)
            following = self._find(record.cname)
            if not following:
                return tuple(answers)
            name, record = record.cname, following
        addresses = [address for address in self._addresses(record) if _type_of(address) == wanted]
        if addresses:
            kind = dns.rdatatype.to_text(wanted)
            response.answer.append(dns.rrset.from_text(name + ".", record.ttl, "IN", kind, *addresses))
        return (*answers, *addresses)

    def _addresses(self, record: NameRecord) -> tuple[str, ...]:
        name = _folded(record.name)
        if record.then is not None and name in self._asked:
            return record.then
        self._asked.add(name)
        return record.addresses


def _type_of(address: str) -> dns.rdatatype.RdataType:
    return dns.rdatatype.AAAA if ":" in address else dns.rdatatype.A


def _folded(name: str) -> str:
    return name.rstrip(".").lower()
