"""Errors as programs read them: problem details (RFC 9457)."""

from http import HTTPStatus

from starlette.responses import JSONResponse


class Problem(Exception):
    """Whatever goes wrong in a request, in words that say what to do; a page or a document becomes of it."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


def problem_document(problem: Problem, instance: str) -> JSONResponse:
    """`type` is left at its default, about:blank: the status says all that a type would (RFC 9457 §4.2.1)."""
    return JSONResponse(
        {"title": problem.title, "status": problem.status, "detail": problem.detail, "instance": instance},
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )
