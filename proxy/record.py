"""What is known of one request while it lasts; its line in the access log."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from proxy import block
from proxy.access_log import Value, ulid
from proxy.aws.resign import BodyRewriter
from proxy.aws.sessions import SessionMint
from proxy.block import Reason, Refused
from proxy.concealment import MintedBody
from proxy.minted import SUFFIX
from proxy.mints import Mint
from proxy.responses import Body
from proxy.scrub import Needles
from proxy.sightings import Sightings


@dataclass
class Record:
    """Filled in step by step; a request that was never decided is a blocked one."""

    client: str
    scheme: str
    port: int
    request_id: str = field(default_factory=ulid)
    started: float = field(default_factory=time.monotonic)
    decision: str = "blocked"
    reason: str | None = None
    rule: str | None = None
    comment: str | None = None
    method: str = ""
    host: str = ""
    path: str = ""
    query_names: tuple[str, ...] = ()
    status: int | None = None
    bytes_out: int = 0
    bytes_in: int = 0
    protocol: str | None = None
    upstream_ip: str | None = None
    credentials: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    stripped: tuple[str, ...] = ()
    surrogate_in: tuple[str, ...] = ()
    sightings: Sightings = field(default_factory=Sightings)
    mint: Mint | SessionMint | None = None
    needles: Needles = field(default_factory=Needles)
    scrubbed: int = 0
    is_inspected: bool = False
    graphql: str | None = None
    aws: Mapping[str, str | int] | None = None
    tools: tuple[str, ...] = ()
    error: str | None = None
    is_probe: bool = False

    def describe(self, method: bytes, host: str, target: bytes) -> None:
        """What was asked for, as it came in and before anything was judged; the query's values are left out."""
        path, _, query = target.partition(b"?")
        self.method = method.decode("ascii", "backslashreplace")
        self.host = host
        self.path = path.decode("ascii", "backslashreplace")[: block.MAX_PATH]
        names = [pair.partition(b"=")[0].decode("ascii", "backslashreplace") for pair in query.split(b"&") if pair]
        self.query_names = tuple(dict.fromkeys(names))[:100]

    def refuse(self, refused: Refused) -> None:
        """Marks the request as blocked; an upstream that cannot be reached blocks nothing."""
        self.decision = "allowed" if refused.reason is Reason.UPSTREAM_UNREACHABLE else "blocked"
        self.reason = refused.reason.value

    def asked(self) -> block.Request:
        """The part that a refusal repeats."""
        return block.Request(self.request_id, self.method, self.scheme, self.host, self.port, self.path)

    def answered(self, status: int) -> None:
        """Notes which credentials the upstream refused. Those that were handed out end, and are asked for anew."""
        if status in (401, 403):
            self.rejected = tuple(name for name in self.credentials if not name.endswith(SUFFIX))

    def count_out(self, data: bytes) -> bytes:
        """Passes a piece of the request body through."""
        self._look_at(data)
        return data

    def rewrite_out(self, body: BodyRewriter, data: bytes) -> Iterator[bytes]:
        """Passes a piece of the request body on as the rewriter makes it; the piece counts as it came."""
        self._look_at(data)
        return body.feed(data)

    def _look_at(self, data: bytes) -> None:
        self.bytes_out += len(data)
        if self.sightings.is_in(data):
            self.surrogate_in = (*self.surrogate_in, "body")

    def count_in(self, data: bytes) -> bytes:
        """Passes a piece of the response body through."""
        self.bytes_in += len(data)
        return data

    def scrub_in(self, body: Body | MintedBody, data: bytes) -> Iterator[bytes]:
        """Passes a piece of the response body on without real values; the piece counts as it came."""
        self.bytes_in += len(data)
        before = body.count
        try:
            yield from body.feed(data)
        finally:
            self.scrubbed += body.count - before

    def line(self) -> Mapping[str, Value]:
        """The fields of the log line (network.md §9)."""
        return {
            "request_id": self.request_id,
            "decision": self.decision,
            "reason": self.reason,
            "rule": self.rule,
            "comment": self.comment,
            "method": self.method,
            "scheme": self.scheme,
            "host": self.host,
            "port": self.port,
            "path": self.path,
            "query_names": self.query_names,
            "status": self.status,
            "bytes_out": self.bytes_out,
            "bytes_in": self.bytes_in,
            "ms": round((time.monotonic() - self.started) * 1000),
            "protocol": self.protocol,
            "upstream_ip": self.upstream_ip,
            "credentials": self.credentials,
            "rejected": self.rejected,
            "stripped": self.stripped,
            "surrogate_in": self.surrogate_in,
            "scrubbed": self.scrubbed or None,
            "graphql": self.graphql,
            "tools": self.tools,
            "aws": self.aws,
            "error": self.error,
        }
