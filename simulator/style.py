"""What an API style is made of: routes, a way to refuse, a way to be read."""

import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from .call import NOTHING, Refusal

#: The operations of the connector that are events, whatever their address.
EVENTS = (
    "purchase",
    "purchase_refund",
    "bonus_accrual",
    "bonus_redemption",
    "bonuses_expiring",
)
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Shape(BaseModel):
    """Strict: "5" is no number, null is not absent, an unknown name is refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


class QueryShape(BaseModel):
    """As ``Shape``, though all that comes in a query or a form is text."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Route:
    """:ivar operation: the connector's name for it
    :ivar webhook: its own address, with a ``token``, and no authorisation
    :ivar secret: the body holds a secret and is not kept
    """

    method: str
    pattern: re.Pattern
    operation: str
    handler: Any
    body: Any = None
    query: Any = None
    content_type: str = JSON
    public: bool = False
    webhook: bool = False
    secret: bool = False


@dataclass
class Style:
    """:ivar facts: call -> what it is about, a dict for each event in it, read without
        trusting it: ``operation``, ``phone`` (digits), ``event_id``, ``order``,
        ``amount`` (a float), ``key`` (what makes the business fact one)
    :ivar refuse: Refusal -> Answer
    :ivar authorise: (call, simulator); raises a Refusal
    :ivar wrong_shape, wrong_type: the status for content that does not fit
    """

    name: str
    title: str
    contract: Path
    facts: Any
    refuse: Any
    authorise: Any
    wrong_shape: int = 400
    wrong_type: int = 400
    pace: int | None = None
    has_cursor: bool = False
    routes: list[Route] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)

    def route(self, method, path, operation, **more):
        """Decorator: ``handler(call, simulator[, body][, query]) -> Answer``."""
        names = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)

        def keep(handler):
            route = Route(method, re.compile(names), operation, handler, **more)
            self.routes.append(route)
            self.addresses.setdefault(operation, f"{method} {path}")
            return handler

        return keep

    def find(self, call):
        """Set the call's route.

        :raise Refusal: 404, or 405 with the methods that are allowed
        """
        allowed = []
        for route in self.routes:
            match = route.pattern.fullmatch(call.path)
            if match and route.method == call.method:
                call.route, call.params = route, match.groupdict()
                return
            if match:
                allowed.append(route.method)
        if allowed:
            raise Refusal(405, headers={"Allow": ", ".join(sorted(allowed))})
        raise Refusal(404, f"nothing answers at {call.path}")

    def perform(self, call, simulator):
        """Check the call and let its route work.

        :raise Refusal: with the reason
        """
        if call.route is None:
            self.find(call)
        route = call.route
        if not (route.public or route.webhook):
            self.authorise(call, simulator)
        more = []
        if route.body is not None:
            more.append(self._read_body(call, route))
        if route.query is not None:
            more.append(self.validate(route.query, call.query))
        elif call.query:
            names = ", ".join(sorted(call.query))
            raise Refusal(self.wrong_shape, f"no query is expected here: {names}")
        return route.handler(call, simulator, *more)

    def _read_body(self, call, route):
        if call.content_type != route.content_type:
            raise Refusal(self.wrong_type, f"{route.content_type} is expected")
        if call.data is NOTHING:
            raise Refusal(400, "the body is not JSON")
        return self.validate(route.body, call.data)

    def validate(self, shape, data):
        """``data`` as ``shape``.

        :raise Refusal: with what is wrong, field by field
        """
        try:
            return shape.model_validate(data)
        except ValidationError as error:
            errors = {}
            for one in error.errors(include_url=False, include_input=False):
                where = ".".join(str(step) for step in one["loc"]) or "body"
                errors.setdefault(where, []).append(one["msg"])
            raise Refusal(self.wrong_shape, "the content is refused", errors) from None


def whole(value):
    """JSON knows one kind of number: 1.0 is as whole as 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def same(given, expected):
    """Compare secrets in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def word(data, *names):
    """The first of these names that holds a text."""
    if not isinstance(data, dict):
        return None
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and value:
            return value[:200]
    return None


def number(data, *names):
    """The first of these names that holds a number."""
    if not isinstance(data, dict):
        return None
    for name in names:
        value = data.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
    return None


def fact(operation, phone=None, event_id=None, order=None, amount=None, code=None):
    """One event of a call, for the store; ``key`` finds a repeat under a new id."""
    key = None
    if operation in EVENTS or operation == "purchase_details":
        mark = code or order
        key = mark and f"{operation}:{mark}"
    return {
        "operation": operation,
        "phone": phone and phone.lstrip("+"),
        "event_id": event_id,
        "order_ref": order,
        "amount": amount,
        "key": key,
    }
