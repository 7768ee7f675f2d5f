"""TXT records, as authentication needs them: found, not there, or no answer now."""

from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

QUERY_TIMEOUT = 5.0
"""Seconds for a whole query with its retries: a name server that needs longer is as good as gone."""


class DnsTemporary(Exception):
    """No answer now; the same question may be answered later."""


class TxtResolver(Protocol):
    async def txt(self, name: str) -> tuple[bytes, ...]:
        """TXT records of a name, the strings of each joined (RFC 7208 §3.3); empty when there are none.

        Raises:
            DnsTemporary: time-out, SERVFAIL, no resolver.
        """
        ...


class DnsResolver:
    """TxtResolver by dnspython. Without name servers it asks those of the system, read once at the first query."""

    def __init__(self, nameservers: tuple[str, ...] = (), port: int = 53) -> None:
        self._nameservers = nameservers
        self._port = port
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def txt(self, name: str) -> tuple[bytes, ...]:
        try:
            # Absolute: a search domain would answer for names that are not there.
            absolute = dns.name.from_text(name.removesuffix(".") + ".")
            answer = await self._connected().resolve(
                absolute, dns.rdatatype.TXT, lifetime=QUERY_TIMEOUT, raise_on_no_answer=False
            )
        except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise DnsTemporary(f"TXT {name}: {type(error).__name__}") from error
        return tuple(b"".join(record.strings) for record in answer.rrset or () if isinstance(record, TXT))

    def _connected(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = list(self._nameservers)
                resolver.port = self._port
            self._resolver = resolver
        return self._resolver
