"""Every request to InBoost passes here: faults, memory, answer, in this order."""

import asyncio
import json
import time
from datetime import datetime, timezone

from . import endings, live
from .call import Call, Refusal
from .faults import NO_FAULT, RATE_LIMITED, over_pace

OWN = ("/_sim", "/openapi.yaml")
KEPT_HEADERS = ("content-type", "idempotency-key", "user-agent")


class Arrivals:
    """ASGI middleware: what is not the stand-in's own goes to the style's routes."""

    def __init__(self, app, simulator):
        self.app, self.simulator = app, simulator

    async def __call__(self, scope, receive, send):
        path = scope.get("path", "")
        if scope["type"] != "http" or path == "/" or path.startswith(OWN):
            return await self.app(scope, receive, send)
        call = self._understand(Call(scope, b""))
        fault, limited = self.simulator.faults.take(call, time.monotonic(), unread=True)
        if fault is NO_FAULT:
            call.body = await self._read(receive)
            if call.body is None:
                return None
            call.facts = self._facts(call)
            fault, limited = self.simulator.faults.take(call, time.monotonic())
        if fault is not NO_FAULT:
            live.trouble_changed(self.simulator)
        if fault.latency:
            await asyncio.sleep(fault.latency)
        limited = limited or self._over_pace(call)
        answer = None
        if fault.has_effect and not limited:
            answer = self._perform(call)
        processed = self._processed(call, answer)
        answer = self._planned(fault, limited, answer)
        self._keep(call, fault, limited, processed, answer)
        await self.simulator.store.committed()
        manner = NO_FAULT if limited else fault
        await endings.leave(manner, answer, scope, receive, send)

    def _understand(self, call):
        try:
            self.simulator.style.find(call)
        except Refusal:
            # Said again, and answered, when it is performed.
            call.route = None
        call.facts = [_nobody(call)]
        return call

    def _facts(self, call):
        return (call.route and self.simulator.style.facts(call)) or [_nobody(call)]

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

    def _over_pace(self, call):
        """Whether the style's own limit of requests a second is passed."""
        pace = self.simulator.settings.pace
        if pace is None or (call.route and call.route.public):
            return False
        return over_pace(self.simulator.recent, pace, time.monotonic())

    def _perform(self, call):
        style = self.simulator.style
        try:
            return style.perform(call, self.simulator)
        except Refusal as refusal:
            answer = style.refuse(refusal)
            answer.taken = call.repeat
            return answer

    def _processed(self, call, answer):
        """For each fact of the call, whether it had its effect."""
        if answer is None:
            return [False] * len(call.facts)
        if answer.rows_taken is not None:
            return answer.rows_taken
        taken = answer.status < 300 if answer.taken is None else answer.taken
        return [taken] * len(call.facts)

    def _planned(self, fault, limited, answer):
        def refuse(status):
            return self.simulator.style.refuse(Refusal(status))

        if limited:
            refused = refuse(429)
            refused.headers.update(endings.retry_after(fault))
            return refused
        return endings.planned(fault, refuse, answer)

    def _keep(self, call, fault, limited, processed, answer):
        silent = not limited and (fault.close or fault.silence)
        shared = {
            "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "method": call.method,
            "path": call.path.encode("utf-8", "replace").decode(),
            "endpoint": call.endpoint,
            "status": None if silent else answer.status,
            "fault": RATE_LIMITED if limited else fault.label or None,
            "headers": json.dumps(
                {k: call.headers[k] for k in KEPT_HEADERS if k in call.headers}
            ),
        }
        for fact, taken in zip(call.facts, processed, strict=True):
            arrival = {**shared, **fact, "processed": taken}
            arrival.setdefault("body", call.kept_body)
            live.arrived(self.simulator, self.simulator.store.record(arrival))


def _nobody(call):
    """The only fact of a call that is about no event."""
    return {
        "operation": call.operation,
        "phone": None,
        "event_id": call.headers.get("idempotency-key") or None,
        "order_ref": None,
        "amount": None,
        "key": None,
    }
