"""Answers as real servers give them, by name, for ``answer`` of a fault."""

import json
from dataclasses import dataclass, field

JSON, HTML = "application/json", "text/html; charset=utf-8"


@dataclass(frozen=True)
class Canned:
    """:ivar effect: whether the request is processed before this is said"""

    status: int
    content_type: str | None
    body: bytes
    effect: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def _json(status, content, effect=False, **headers):
    body = json.dumps(content, ensure_ascii=False).encode()
    return Canned(status, JSON, body, effect, headers)


def _page(status, title, text, effect=False):
    page = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
        f"<body><center><h1>{title}</h1></center><hr>{text}</body></html>\n"
    )
    return Canned(status, HTML, page.encode(), effect)


DEEP = 50_000
ANSWERS = {
    # Refused: the content, the address, the credentials
    "unknown_customer": _json(
        404, {"code": "document_not_found", "message": "There is no such customer"}
    ),
    "nothing_here": _page(404, "404 Not Found", "nginx"),
    "client_not_found": _json(
        200,
        {
            "success": False,
            "errors": [
                {"code": "CLIENT_NOT_FOUND", "message": "Клієнта не знайдено"},
            ],
        },
    ),
    "firewall": _page(
        403, "Request blocked", "The request was rejected by the security rules."
    ),
    "bad_credentials": _json(
        401,
        {"code": "unauthorized", "message": "The token is not valid"},
        **{"WWW-Authenticate": "Bearer"},
    ),
    "forbidden": _json(
        403, {"code": "forbidden", "message": "This token may not do that"}
    ),
    "login_page": _page(
        200, "Sign in", '<form method="post"><input name="password"></form>'
    ),
    "too_large": _json(
        413, {"code": "payload_too_large", "message": "The body is too large"}
    ),
    # Repeats
    "outstanding": _json(
        409, {"code": "conflict", "message": "A request with this id is outstanding"}
    ),
    "received_before": _json(
        409, {"code": "duplicate", "message": "This event was received before"}
    ),
    # Processed, and then said oddly or not at all
    "accepted": Canned(202, None, b"", True),
    "no_content": Canned(204, None, b"", True),
    "server_error": _json(500, {"message": "Internal Server Error"}, True),
    "bad_gateway": _page(502, "502 Bad Gateway", "nginx", True),
    "garbage": Canned(200, JSON, bytes(range(256)) * 4, True),
    "deep": Canned(200, JSON, b"[" * DEEP + b"]" * DEEP, True),
    "wrong_charset": Canned(
        200,
        "application/json; charset=utf-8",
        '{"message": "Прийнято"}'.encode("cp1251"),
        True,
    ),
}
