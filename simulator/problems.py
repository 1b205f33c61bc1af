"""Refusals, in the way ASP.NET tells them (RFC 9457)."""

from http import HTTPStatus

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class Problem(HTTPException):
    """A refusal with the fields that caused it."""

    def __init__(self, status, detail=None, errors=None, headers=None):
        super().__init__(status, detail, headers)
        self.errors = errors


def problem(status, detail=None, errors=None, headers=None):
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Unknown"
    content = {"title": title, "status": status}
    if detail and detail != title:
        content["detail"] = detail
    if errors:
        content["errors"] = errors
    return JSONResponse(content, status, headers, media_type="application/problem+json")


async def _answer(request, error):
    return problem(
        error.status_code,
        error.detail,
        getattr(error, "errors", None),
        error.headers,
    )


handlers = {HTTPException: _answer}
