"""Faults to inject into a stand-in: which requests fail, how, and how often."""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from typing import Self

from airut.demo.http import Dropped, Handler, Request, Response
from airut.models.base import Model

FOREVER = -1
HELD_MOST = 300.0  # seconds; whoever forgets to open a gate gets an answer in the end


class Fault(Model):
    """A fault for requests whose `METHOD path?query` has the pattern `on`."""

    on: str = ""
    status: int | None = None
    """None: the request is answered normally (after `delay`), unless `drop`."""
    body: str = ""
    headers: dict[str, str] = {}
    delay: float = 0
    """Seconds before anything happens."""
    drop: bool = False
    """Cut the connection instead of answering."""
    after: bool = False
    """Do what was asked first, so that only the answer is lost: the case that makes duplicates."""
    times: int = 1
    """-1 is for ever."""

    @classmethod
    def server_error(cls, on: str = "", status: int = 503, times: int = 1) -> Self:
        return cls(on=on, status=status, body='{"message": "Server Error"}', times=times)

    @classmethod
    def lost_answer(cls, on: str = "", times: int = 1) -> Self:
        return cls(on=on, drop=True, after=True, times=times)

    @classmethod
    def rate_limited(cls, on: str = "", reset_in: float = 60, times: int = 1) -> Self:
        """GitHub's primary limit: nothing is left until a moment (docs: rate limits for the REST API)."""
        headers = {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(int(time.time() + reset_in)),
        }
        return cls(on=on, status=403, body='{"message": "API rate limit exceeded"}', headers=headers, times=times)

    @classmethod
    def secondary_limit(cls, on: str = "", retry_after: int = 60, times: int = 1) -> Self:
        body = (
            '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
        )
        return cls(on=on, status=403, body=body, headers={"retry-after": str(retry_after)}, times=times)

    @classmethod
    def missing_right(cls, on: str, times: int = FOREVER) -> Self:
        return cls(
            on=on, status=403, body='{"message": "Resource not accessible by personal access token"}', times=times
        )


class Gate:
    """Holds the requests that it is for: before anything is done, or between doing and answering. It ends by itself."""

    def __init__(self, on: str, holding: bytes, *, answered: bool) -> None:
        self._on = re.compile(on)
        self._holding = holding
        self.answered = answered
        """The request is carried out first, and only its answer is held."""
        self.reached = asyncio.Event()
        """Set when the first request has come so far."""
        self._open = asyncio.Event()

    def holds(self, request: Request) -> bool:
        known = bool(self._on.search(f"{request.method} {request.target}"))
        return known and self._holding in request.body and not self._open.is_set()

    def open(self) -> None:
        """Let go of everything that waits, and hold nothing more."""
        self._open.set()

    async def wait(self) -> None:
        self.reached.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._open.wait(), HELD_MOST)


class Faults:
    """The faults that are still to come; the first that fits a request plays."""

    def __init__(self) -> None:
        self._left: list[tuple[Fault, int]] = []
        self._gates: list[Gate] = []

    def gate(self, on: str, holding: bytes = b"", *, answered: bool = False) -> Gate:
        """Hold each request whose `METHOD path?query` has the pattern `on` and whose body has these bytes."""
        gate = Gate(on, holding, answered=answered)
        self._gates.append(gate)
        return gate

    def add(self, *faults: Fault) -> None:
        self._left += [(fault, fault.times) for fault in faults]

    def clear(self) -> None:
        self._left.clear()

    def wrap(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            gate = next((gate for gate in self._gates if gate.holds(request)), None)
            if gate is None:
                return await faulty(request)
            if not gate.answered:
                await gate.wait()
                return await faulty(request)
            response = await faulty(request)
            await gate.wait()
            return response

        async def faulty(request: Request) -> Response:
            fault = self._take(f"{request.method} {request.target}")
            if fault is None:
                return await handler(request)
            await asyncio.sleep(fault.delay)
            normal = await handler(request) if fault.after or not (fault.drop or fault.status) else None
            if fault.drop:
                raise Dropped
            if fault.status is None and normal:
                return normal
            return Response(
                fault.status or 500, fault.body.encode(), {"content-type": "application/json", **fault.headers}
            )

        return handle

    def _take(self, line: str) -> Fault | None:
        for number, (fault, left) in enumerate(self._left):
            if left and re.search(fault.on, line):
                self._left[number] = (fault, left - 1 if left > 0 else left)
                return fault
        return None
