"""The connection to Podman: every call has a deadline, runs in a thread of ours, and fails with our errors."""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from airut.adapters.podman.about import About, about, configuration, remember, remembered
from airut.adapters.podman.failures import translate
from airut.adapters.podman.service import OwnService, listens
from airut.errors import EngineUnavailable

INSPECT = 10.0
START = 60.0  # create and start: the first use of an image copies it for our user mapping
BUILD = 30 * 60.0
PULL = 15 * 60.0
PIECE = 1 << 20  # bytes of a stream at a time
THREADS = 16  # more calls than this at once only queue up in the engine's own locks

if TYPE_CHECKING:
    from podman import PodmanClient

type Body = Mapping[str, object]
type Json = Any  # what the engine answers; read by models of ours right where it arrives
type Method = Literal["GET", "POST", "DELETE"]

log = logging.getLogger(__name__)


class Engine:
    """Podman's libpod API. Connects at the first call; where nothing listens on the usual socket, it runs
    `podman system service` on a socket that nobody else uses, until `close` or the end of this process."""

    def __init__(self, socket_path: Path | None = None, runtime: Path | None = None) -> None:
        """`runtime` is `$XDG_RUNTIME_DIR`; `socket_path` a socket to use and no other."""
        self._runtime = runtime or Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}"))
        self._given = socket_path
        self._service = OwnService(self._runtime / "airut" / "podman")
        self._client: PodmanClient | None = None
        self._connecting = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._about: About | None = None
        self.creating = asyncio.Lock()
        """Held for each creation of a container: `keep-id` is worked out by a library that two threads of Podman 4.3
        must not be in at once, or the container gets no mapping or a wrong one."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="podman")

    async def close(self) -> None:
        """End the service, if it is ours. Containers go on."""
        self._client = None
        await self._service.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def get(self, path: str, what: str, *, params: Body | None = None, deadline: float = INSPECT) -> Json:
        """Decoded answer, or None where the thing does not exist.

        Raises:
            EngineUnavailable, EngineError and the rest of `SandboxError`
        """
        return await self._call("GET", path, what, params=params, deadline=deadline, absent_is_fine=True)

    async def about(self) -> About:
        """What the engine says of itself, as long as nothing of its configuration changes. Raises: as `get`"""
        file = self._runtime / "airut" / "podman.json"
        async with self._asking:
            of = await asyncio.to_thread(configuration, self._given)
            if self._about is None or self._about.of != of:
                self._about = remembered(file, of)
            if self._about is None:
                self._about = about(await self.get("/info", "ask the engine for its configuration"), of)
                remember(file, self._about)
            return self._about

    async def text(self, path: str, what: str, *, params: Body) -> str:
        """The frames of a container's log as one text. Raises: as `get`"""
        client = await self._connected()

        def call() -> str:
            response = client.api.get(path, params=_params(params), timeout=INSPECT)
            response.raise_for_status()
            return unframe(response.content)

        return await self._in_thread(call, what, INSPECT)

    async def post(
        self,
        path: str,
        what: str,
        *,
        params: Body | None = None,
        body: Body | None = None,
        deadline: float = START,
        absent_is_fine: bool = False,
    ) -> Json:
        """Raises: as `get`; a thing that does not exist is an error unless it is said to be fine."""
        return await self._call(
            "POST", path, what, params=params, body=body, deadline=deadline, absent_is_fine=absent_is_fine
        )

    async def create(self, path: str, what: str, body: Body) -> None:
        """POST of something that is made. Who is cancelled meanwhile waits for its end all the same: what came to be
        after its asker had gone would be nobody's. Raises: as `post`"""
        making = asyncio.ensure_future(self.post(path, what, body=body))
        try:
            await asyncio.shield(making)
        except asyncio.CancelledError:
            await asyncio.wait({making})
            if not making.cancelled() and (error := making.exception()):
                log.info("%s, for somebody who was cancelled meanwhile", error)
            raise

    async def delete(self, path: str, what: str, *, params: Body | None = None, deadline: float = START) -> None:
        """Raises: as `get`; what does not exist counts as deleted."""
        await self._call("DELETE", path, what, params=params, deadline=deadline, absent_is_fine=True)

    async def upload(
        self,
        path: str,
        what: str,
        data: Iterable[bytes],
        params: Body,
        on_line: Callable[[str], None],
        *,
        deadline: float = BUILD,
    ) -> None:
        """POST a stream, and hand on each line of the answer as it comes (builds, imports and pulls of images).

        Raises: as `get`
        """
        client = await self._connected()

        def call() -> None:
            response = client.api.post(
                path,
                params=_params(params),
                data=cast(Any, data),  # requests streams any iterable
                stream=True,
                timeout=deadline,
                headers={"Content-Type": "application/x-tar"},
            )
            response.raise_for_status()
            for line in response.iter_lines():
                on_line(line.decode(errors="replace"))

        await self._in_thread(call, what, deadline)

    async def download(
        self, path: str, what: str, write: Callable[[bytes], object], params: Mapping[str, object], *, deadline: float
    ) -> None:
        """GET a stream, and hand on each piece of it as it comes (exports of images). Raises: as `get`"""
        client = await self._connected()

        def call() -> None:
            response = client.api.get(path, params=_params(params), stream=True, timeout=deadline)
            with contextlib.closing(cast(Any, response)):  # it hands on to requests what it has not itself
                response.raise_for_status()
                for piece in response.iter_content(PIECE):
                    write(piece)

        await self._in_thread(call, what, deadline)

    async def _call(
        self,
        method: Method,
        path: str,
        what: str,
        *,
        deadline: float,
        params: Body | None = None,
        body: Body | None = None,
        absent_is_fine: bool = False,
    ) -> Json:
        client = await self._connected()

        def call() -> Json:
            send = {"GET": client.api.get, "POST": client.api.post, "DELETE": client.api.delete}[method]
            extra = {} if body is None else {"data": json.dumps(body), "headers": {"Content-Type": "application/json"}}
            response = send(path, params=_params(params), timeout=deadline, **cast(Any, extra))
            if response.status_code == 304 or (response.status_code == 404 and absent_is_fine):
                return None
            response.raise_for_status()
            return json.loads(response.content) if response.content.strip() else None

        return await self._in_thread(call, what, deadline)

    async def _in_thread[T](self, call: Callable[[], T], what: str, deadline: float) -> T:
        # The socket's own timeout counts from byte to byte; this one is for the whole.
        future = asyncio.get_running_loop().run_in_executor(self._threads, call)
        try:
            return await asyncio.wait_for(future, deadline + 1)
        except TimeoutError as error:
            # As where the socket's own time runs out: a Podman that is busy is waited for, and nothing is lost by it.
            raise EngineUnavailable(f"{what}: Podman did not answer within {deadline:.0f} s") from error
        except OSError as error:
            problem = translate(error, what)
            if isinstance(problem, EngineUnavailable):
                self._client = None  # the next call looks for a socket again
            raise problem from error

    async def _connected(self) -> "PodmanClient":
        if self._client:
            return self._client
        async with self._connecting:
            if self._client is None:
                path, client_class = await asyncio.gather(self._find_socket(), asyncio.to_thread(_client_class))
                client = client_class(base_url=f"http+unix://{path}", max_pool_size=THREADS)
                # Podman may end an idle connection just as the next call is written to it, and a new one costs nothing.
                client.api.headers["Connection"] = "close"
                self._client = client
        return self._client

    async def _find_socket(self) -> Path:
        if self._given:
            if not listens(self._given):
                raise EngineUnavailable(f"nothing listens on {self._given} (sandbox.podman_socket)")
            return self._given
        usual = self._runtime / "podman" / "podman.sock"
        return usual if listens(usual) else await self._service.ensure()


def _client_class() -> "type[PodmanClient]":
    """Imported while the service starts: both take a tenth of a second, which every job of a CI system feels."""
    from podman import PodmanClient

    return PodmanClient


def unframe(data: bytes) -> str:
    """The text of a multiplexed stream: frames of 8 bytes of header, of which the last four are the length."""
    parts: list[bytes] = []
    while len(data) >= 8:
        length = int.from_bytes(data[4:8])
        parts.append(data[8 : 8 + length])
        data = data[8 + length :]
    return b"".join(parts).decode(errors="replace")


def _params(params: Body | None) -> Any:
    return {key: json.dumps(value) if isinstance(value, dict) else value for key, value in (params or {}).items()}
