"""Our stylesheet, scripts and pictures. They hold nothing of an installation, so they need no login."""

from importlib.resources import files
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOREVER = "public, max-age=31536000, immutable"
"""Pages name a file with its digest, so what a browser has is never out of date. A year is the most that is heeded."""


class OurFiles(StaticFiles):
    def __init__(self) -> None:
        super().__init__(directory=Path(str(files("airut.dashboard") / "static")))

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if b"v=" in scope["query_string"]:
            response.headers["Cache-Control"] = FOREVER
        return response
