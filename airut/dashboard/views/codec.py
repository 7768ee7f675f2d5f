"""`/codec`: what Temporal's UI and command line ask to read what is encrypted, compressed or in the blob store."""

from starlette.responses import Response

from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.errors import BlobError
from airut.models.login import Role
from airut.temporal.codec_server import REQUEST_MOST, CodecRefused, Direction, answer


async def encode(visit: Visit) -> Response:
    return await _answer(visit, Direction.ENCODE)


async def decode(visit: Visit) -> Response:
    return await _answer(visit, Direction.DECODE)


async def _answer(visit: Visit, direction: Direction) -> Response:
    if visit.ports.codec is None:
        raise Problem(409, "There is no configuration yet, so nothing is encoded.")
    namespace = visit.request.headers.get("x-namespace", "")
    if namespace and namespace != visit.ports.namespace:
        raise Problem(400, f"This decodes what lies in namespace {visit.ports.namespace!r} of Temporal, and no other.")
    body = bytearray()
    async for chunk in visit.request.stream():
        body += chunk
        if len(body) > REQUEST_MOST:
            break  # it is refused, whatever else there is
    try:
        return Response(await answer(visit.ports.codec, direction, bytes(body)), media_type="application/json")
    except CodecRefused as error:
        raise Problem(413 if error.too_large else 400, str(error)) from error
    except (BlobError, OSError) as error:
        raise Problem(503, "The blob store does not answer; the dashboard's log names why.") from error


PAGES = (
    # Whoever may see a thread may see what Temporal holds of it; to write into one is for operators.
    Page("/codec/decode", decode, Role.VIEWER, method="POST", bare=True, origin_only=True),
    Page("/codec/encode", encode, Role.OPERATOR, method="POST", bare=True, origin_only=True),
)
