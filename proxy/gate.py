"""What the layers ask of the addon, which decides."""

from __future__ import annotations

from typing import Protocol

from mitmproxy import connection, http

from proxy.block import Refused


class Gate(Protocol):
    """What the layers ask of the addon."""

    def is_cleared(self, flow: http.HTTPFlow) -> bool:
        """Whether every step of the decision was taken and let this request pass."""
        ...

    def awaits_body(self, flow: http.HTTPFlow) -> bool:
        """Whether the request is cleared as soon as its whole body was read and judged, and not before."""
        ...

    def hold(self, flow: http.HTTPFlow, size: int) -> None:
        """Counts so many bytes more of a body, which are kept until all of it is there.

        Raises:
            Refused: they are too many.
        """
        ...

    def refuse(self, flow: http.HTTPFlow, refused: Refused) -> None:
        """Gives a flow the answer that says why it is refused."""
        ...

    def is_inspected(self, flow: http.HTTPFlow) -> bool:
        """Whether the response was prepared to go on: headers without real values, and a body that is searched."""
        ...

    def scrub_trailers(self, flow: http.HTTPFlow, trailers: http.Headers) -> http.Headers:
        """Trailers of a response, without real values."""
        ...

    def refuse_head(self, client: connection.Client, refused: Refused) -> http.Response:
        """Records a request whose head never became a flow, and gives its answer."""
        ...

    def head_pending(self, client: connection.Client, pending: bool) -> None:
        """Says whether a client has begun a request head and not finished it."""
        ...
