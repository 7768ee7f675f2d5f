"""How requests of programs are read, and answered."""

import hashlib
import re
import uuid

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from airut.dashboard.pages import Visit
from airut.dashboard.problem import Problem

KEY = re.compile(r"[\x21-\x7e]{1,255}")
"""An `Idempotency-Key`: visible ASCII, of any form."""

LIMIT_MOST = 200
"""Rows of one answer: what Temporal lists in some ten milliseconds."""


def answer(found: BaseModel, status: int = 200) -> Response:
    return Response(found.model_dump_json(), status, media_type="application/json")


async def body[M: BaseModel](visit: Visit, kind: type[M]) -> M:
    """
    Raises:
        Problem: it is no JSON of that form; says where it is not.
    """
    if visit.request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Problem(415, "Send JSON, with Content-Type: application/json.")
    try:
        return kind.model_validate_json(await visit.request.body())
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise Problem(422, "; ".join(faults)) from None


def message_key(visit: Visit, what: str, *, needed: bool = False) -> str:
    """The key under which a thread remembers a message or a command. Two people's equal headers are two keys.

    Raises:
        Problem: the header is missing or none.
    """
    given = visit.request.headers.get("idempotency-key", "")
    if not given and not needed:
        given = uuid.uuid4().hex
    if not KEY.fullmatch(given):
        raise Problem(
            400, "Send a header Idempotency-Key of up to 255 visible characters; the same one repeats nothing."
        )
    return hashlib.sha256(f"api\0{visit.login.actor}\0{what}\0{given}".encode()).hexdigest()


def limit_of(visit: Visit, usual: int = 50) -> int:
    """
    Raises:
        Problem: it is no number of the range.
    """
    given = visit.query.get("limit", str(usual))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:6]) <= LIMIT_MOST):
        raise Problem(422, f"limit is a number from 1 to {LIMIT_MOST}.")
    return int(given)
