"""One request and one answer, as the routes of every style see them."""

import json
from functools import cached_property
from urllib.parse import parse_qsl

import pydantic_core

NOTHING = object()


def parse_json(text, otherwise=NOTHING):
    """JSON as the standard has it (no NaN), or ``otherwise``."""
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return otherwise


class Call:
    """:ivar route: the route that takes it, or None
    :ivar params: what stood in the path where the route has names
    :ivar facts: what it is about, one dict for each event in it; see ``Style.facts``
    :ivar repeat: this event id was taken before, and the answer says so
    """

    def __init__(self, scope, body):
        self.method, self.path = scope["method"], scope["path"]
        self.query_string = scope["query_string"]
        self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        self.body = body
        self.route, self.params, self.facts = None, {}, []
        self.repeat = False

    @property
    def content_type(self):
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @cached_property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @cached_property
    def data(self):
        """The body as JSON or as a form; NOTHING when it is neither."""
        if self.content_type == "application/x-www-form-urlencoded":
            return pairs(self.body)
        return parse_json(self.body)

    @cached_property
    def query(self):
        return pairs(self.query_string)

    @property
    def operation(self):
        """The connector's name for what is called, or None."""
        return self.route and self.route.operation

    @cached_property
    def endpoint(self):
        """The name by which faults and rows know the address."""
        if self.route and self.route.webhook:
            return "webhook/" + self.params["token"]
        return self.path.strip("/").encode("utf-8", "replace").decode()

    @property
    def places(self):
        """Where a fault for this call may be set, the nearest first."""
        events = {fact["operation"]: None for fact in self.facts}
        group = self.endpoint.split("/")[0] + "/*"
        return [self.endpoint, *events, self.operation, group, "*"]

    @cached_property
    def readable(self):
        """The body as a person would read it, escapes resolved."""
        if self.data is NOTHING or not self.body:
            return self.text
        return json.dumps(self.data, ensure_ascii=False)

    @property
    def kept_body(self):
        return "" if self.route and self.route.secret else self.text


def pairs(raw):
    """Names and values of a form or a query; a name that comes twice has a list."""
    found = {}
    for name, value in parse_qsl(raw.decode("utf-8", "replace"), True):
        old = found.get(name)
        if old is None:
            found[name] = value
        else:
            found[name] = [*(old if isinstance(old, list) else [old]), value]
    return found


class Refusal(Exception):
    """What was sent is not taken. Each style says it in its own words.

    :ivar errors: for each field that is wrong, a list of texts
    """

    def __init__(self, status, detail=None, errors=None, headers=None, code=None):
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors
        self.headers, self.code = headers or {}, code


class Answer:
    """:ivar taken: whether the request had its effect; None: as the status says
    :ivar rows_taken: the same for each event of a batch
    """

    def __init__(self, status=200, body=b"", headers=(), content_type=None):
        self.status, self.body = status, body
        self.headers = dict(headers)
        if content_type:
            self.headers["content-type"] = content_type
        self.taken, self.rows_taken = None, None

    @classmethod
    def json(cls, content, status=200, headers=(), content_type="application/json"):
        body = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return cls(status, body, headers, content_type)

    def raw_headers(self, length=None):
        """:param length: the length to claim; None: none, the body has no known end"""
        found = [
            (k.lower().encode(), v.encode("latin-1")) for k, v in self.headers.items()
        ]
        if length is not None and self.status not in (204, 304):
            found.append((b"content-length", str(length).encode()))
        return found
