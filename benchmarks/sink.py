"""The receiver: an HTTP server of its own that counts what arrives and answers after a
set time. Run as ``python -m benchmarks.sink PORT``.

``PUT /_sink/plan`` begins anew, with the keys of :class:`Plan`; ``GET /_sink/counts``
and ``GET /_sink/arrivals`` say what came since. Everything else is an arrival.
"""

import asyncio
import json
import re
import sys
import time
import zlib
from dataclasses import dataclass

EVENT_ID = re.compile(rb'"eventId":\s*"([^"]+)"')
ORDER_ID = re.compile(rb'"orderId":\s*"([^"]+)"')
LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.I)
HEADER_ID = re.compile(rb"\r\n(?:idempotency-key|webhook-id):\s*([^\r]+)", re.I)
OK = b'{"ok": true}'


@dataclass
class Plan:
    """:ivar delay: milliseconds from the end of a request to its answer
    :ivar fail: share of events whose first try is refused, 0 to 1
    :ivar retry_after: seconds in the refusal's ``Retry-After``; 0 for none
    :ivar first, customers: number of the first customer of the list, and how many"""

    delay: float = 0
    fail: float = 0
    retry_after: int = 0
    first: int = 0
    customers: int = 0


class Counter:
    """What arrived since the plan was set."""

    def __init__(self, plan):
        self.plan = plan
        self.arrivals = []  # (unix time, path, event id, order id)
        self.seen = set()

    def take(self, path, head, body):
        """:return: whether the request is refused"""
        found = EVENT_ID.search(body) or HEADER_ID.search(head)
        order = ORDER_ID.search(body)
        event_id = found.group(1).decode() if found else ""
        order_id = order.group(1).decode() if order else ""
        self.arrivals.append((time.time(), path, event_id, order_id))
        again = (path, event_id) in self.seen
        self.seen.add((path, event_id))
        share = zlib.crc32(event_id.encode()) % 1000 / 1000
        return not again and share < self.plan.fail

    def counts(self):
        times = [arrival[0] for arrival in self.arrivals]
        return {
            "arrivals": len(times),
            "distinct": len(self.seen),
            "first": times[0] if times else None,
            "last": times[-1] if times else None,
        }


class Sink(asyncio.Protocol):
    counter = Counter(Plan())

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end]
            found = LENGTH.search(head)
            stop = end + 4 + (int(found.group(1)) if found else 0)
            if len(self.buffer) < stop:
                return
            body = self.buffer[end + 4 : stop]
            self.buffer = self.buffer[stop:]
            self.handle(head, body)

    def handle(self, head, body):
        method, path, _version = head.split(b"\r\n", 1)[0].decode().split(" ")
        if path.startswith("/_sink/"):
            return self.answer(self.control(path, body))
        plan = Sink.counter.plan
        if path.startswith("/wapi/Clients"):
            return self.answer(self.customers(plan, json.loads(body)))
        if method == "GET":
            return self.answer(OK)
        answer = (OK,)
        if Sink.counter.take(path, head, body):
            extra = f"Retry-After: {plan.retry_after}\r\n" if plan.retry_after else ""
            answer = (b'{"error": "busy"}', "503 Service Unavailable", extra)
        if plan.delay:
            asyncio.get_running_loop().call_later(
                plan.delay / 1000, self.answer, *answer
            )
        else:
            self.answer(*answer)

    def answer(self, body, status="200 OK", extra=""):
        if self.transport.is_closing():
            return
        self.transport.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )

    @staticmethod
    def control(path, body):
        if path == "/_sink/plan":
            Sink.counter = Counter(Plan(**json.loads(body)))
        if path == "/_sink/arrivals":
            return json.dumps(Sink.counter.arrivals).encode()
        return json.dumps(Sink.counter.counts()).encode()

    @staticmethod
    def customers(plan, question):
        """A page of the list, by page number."""
        size = question.get("PageSize") or 500
        begin = ((question.get("Page") or 1) - 1) * size
        numbers = range(begin, min(begin + size, plan.customers))
        rows = [customer(plan.first + number) for number in numbers]
        return json.dumps({"data": rows, "totalCount": plan.customers}).encode()


def customer(number):
    """A row of InBoost's list, always the same for the same number."""
    return {
        "id": number + 1,
        "userPhoneNumber": f"38067{number:07d}",
        "userName": f"Olena{number}",
        "lastName": "Kovalenko",
        "email": f"olena{number}@example.com",
        "birth": f"{1950 + number % 50}-03-08",
        "lang": "UA",
    }


async def serve(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
