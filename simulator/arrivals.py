"""Every request to InBoost passes here: faults, memory, answer, in this order."""

import asyncio
import json
import time
from datetime import datetime, timezone

from . import live, wire
from .faults import NO_FAULT, RATE_LIMITED
from .problems import problem
from .store import parse

OWN = ("/_sim", "/openapi.yaml")
KEPT_HEADERS = ("content-type", "idempotency-key", "user-agent")
OPERATIONS = {
    "api/Users/GetPortalUser": "connection_test",
    "wapi/Clients": "customers_list",
    "api/booking_settings/getUser": "customer_find",
    "api/MyClients/AddNewClient": "customer_upsert",
    "api/Bonuses/SetBalance": "balance_set",
    "api/Purchases/AddPurchase": "purchase_details",
}
WEBHOOK_OPERATIONS = {"refund": "purchase_refund"}
CHUNK = 64 * 1024


def endpoint_of(path):
    """The name by which faults and rows know a path."""
    name = path.strip("/")
    if name.startswith("api/webhok/"):
        return "webhook/" + name.removeprefix("api/webhok/")
    return name


def describe(scope, body):
    """What a person wants to know of a request, read without trusting it."""
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    text = body.decode("utf-8", "replace")
    data = parse(text)
    if not isinstance(data, dict):
        data = {}

    def word(*names):
        for name in names:
            value = data.get(name)
            if isinstance(value, str) and value:
                return value[:200]
        return None

    endpoint = endpoint_of(scope["path"])
    operation = OPERATIONS.get(endpoint)
    if endpoint.startswith("webhook/"):
        told = word("event")
        operation = WEBHOOK_OPERATIONS.get(told, told) or "webhook"
    amount = data.get("amount", data.get("total"))
    return {
        "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "method": scope["method"],
        "path": scope["path"].encode("utf-8", "replace").decode(),
        "endpoint": endpoint.encode("utf-8", "replace").decode(),
        "operation": operation,
        "phone": word("userPhoneNumber", "UserPhoneNumber", "userPhone"),
        "event_id": word("eventId") or headers.get("idempotency-key") or None,
        "order_ref": word("orderNumber", "orderId"),
        "amount": json.dumps(amount) if isinstance(amount, int | float) else None,
        "headers": json.dumps({k: headers[k] for k in KEPT_HEADERS if k in headers}),
        "body": text,
    }


class Reply:
    """An answer held back until it is known what becomes of it."""

    def __init__(self, status=None, headers=(), body=b""):
        self.status, self.headers, self.body = status, list(headers), body

    async def collect(self, message):
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.body += message.get("body", b"")

    @classmethod
    def of(cls, response):
        return cls(response.status_code, response.raw_headers, response.body)

    def resized(self, body, length=None):
        """The same answer with another body, or another claim of its length."""
        headers = [h for h in self.headers if h[0].lower() != b"content-length"]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        return Reply(self.status, headers, body)

    async def start(self, send):
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": self.headers,
            }
        )

    async def send(self, send):
        await self.start(send)
        await send({"type": "http.response.body", "body": self.body})


class Arrivals:
    """ASGI middleware around the contract's routes."""

    def __init__(self, app, simulator):
        self.app, self.simulator = app, simulator

    async def __call__(self, scope, receive, send):
        path = scope.get("path", "")
        if scope["type"] != "http" or path == "/" or path.startswith(OWN):
            return await self.app(scope, receive, send)
        body = await self._read(receive)
        if body is None:
            return None
        arrival = describe(scope, body)
        fault, limited = self.simulator.faults.take(
            arrival["endpoint"], time.monotonic()
        )
        if fault is not NO_FAULT:
            live.faults_changed(self.simulator)
        if fault.latency:
            await asyncio.sleep(fault.latency)
        reply, processed = None, False
        if fault.has_effect and not limited:
            reply, processed = await self._process(scope, body, arrival["event_id"])
        reply = self._planned(fault, limited, reply)
        arrival.update(
            processed=processed,
            status=None if fault.close or fault.silence else reply.status,
            fault=RATE_LIMITED if limited else fault.label or None,
        )
        live.arrived(self.simulator, self.simulator.store.record(arrival))
        await self._answer(NO_FAULT if limited else fault, reply, scope, receive, send)

    async def _read(self, receive):
        """The whole body; None when the client left before it was complete."""
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body"):
                return body

    async def _process(self, scope, body, event_id):
        """Let the contract's route work, and keep its answer."""

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        reply = Reply()
        state = {"event_id": event_id, "repeat": False}
        await self.app({**scope, "state": state}, receive, reply.collect)
        return reply, reply.status < 300 or state["repeat"]

    def _planned(self, fault, limited, reply):
        """The answer that leaves, if one leaves."""
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if limited:
            return Reply.of(problem(429, headers=headers))
        if fault.redirect:
            status = fault.status or 302
            return Reply.of(
                problem(status, headers={**headers, "Location": fault.redirect})
            )
        if fault.status and (reply is None or fault.status >= 300):
            return Reply.of(problem(fault.status, headers=headers))
        if fault.status:
            reply.status = fault.status
        return reply or Reply(200)

    async def _answer(self, fault, reply, scope, receive, send):
        if fault.close:
            await wire.hang_up(scope, receive, reset=fault.reset)
        elif fault.silence:
            try:
                await asyncio.wait_for(receive(), fault.silence)
            except asyncio.TimeoutError:
                await wire.hang_up(scope, receive, reset=fault.reset)
        elif fault.huge:
            await self._huge(fault.huge, reply, send)
        elif fault.broken in (True, "json"):
            half = b'{"data": [{"id": 1, "userName": "\xd0'
            await reply.resized(half).send(send)
        elif fault.broken == "encoding":
            await reply.resized(b'{"userName": "\xff\xfe\x80"}').send(send)
        elif fault.broken == "length":
            short = reply.resized(b"", len(reply.body) + 1000)
            await short.start(send)
            part = {"type": "http.response.body", "body": reply.body, "more_body": True}
            await send(part)
            await wire.hang_up(scope, receive, reset=fault.reset, flush=True)
        elif fault.drip:
            await self._drip(fault.drip, reply, receive, send)
        else:
            await reply.send(send)

    async def _huge(self, size, reply, send):
        """Valid JSON of about this many bytes."""
        await reply.resized(b"").start(send)

        async def part(body, more=True):
            message = {"type": "http.response.body", "body": body, "more_body": more}
            await send(message)

        await part(b'{"data": "')
        for left in range(size - 12, 0, -CHUNK):
            await part(b"x" * min(left, CHUNK))
        await part(b'"}', more=False)

    async def _drip(self, pause, reply, receive, send):
        await reply.start(send)
        for position in range(len(reply.body)):
            byte = reply.body[position : position + 1]
            more = {"type": "http.response.body", "body": byte, "more_body": True}
            await send(more)
            try:
                # Ends early when the client has had enough.
                await asyncio.wait_for(receive(), pause)
                return
            except asyncio.TimeoutError:
                pass
        await send({"type": "http.response.body", "body": b""})
