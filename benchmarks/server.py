"""A real Odoo server with the connector, and what fills its outbox."""

import hashlib
import time
import uuid

import cluster

from tests.support.odoo_server import OdooServer, wait_until

from . import product, shop
from .databases import clone, run_sql
from .measure import ProcessMeter
from .worker import Worker

WORKERS = {"threaded": 0, "prefork": 2}
#: Seconds that are waited for a drain; what takes longer has failed.
PATIENCE = 1200


class Server(OdooServer):
    """Threaded or prefork, with Odoo's own limits."""

    options = ("--log-level", "warn")

    def __init__(self, database, receiver, template):
        super().__init__(database, template)
        self.receiver = receiver
        self.fetch = run_sql(database)
        with Worker(database) as worker:
            worker(product.connect, url=receiver.url)

    def start(self, mode="threaded"):
        try:
            super().start(workers=WORKERS[mode])
        except AssertionError:
            self.stop()
            raise
        self.meter = ProcessMeter(self.process.pid)
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc_info):
        self.stop()
        cluster.drop(self.database)

    def drain(self, sales, delay):
        """Deliver the two events of each of ``sales``, from the wake-up to the last
        arrival.

        :param float delay: the receiver's, in milliseconds
        :return: events a second
        """
        fill(self.fetch, sales)
        self.receiver.plan(delay=delay)
        begin = time.time()
        self.wake()
        counts = self.receiver.wait_for(2 * sales, PATIENCE)
        wait_until(self.is_settled, 60, "the end of the delivery")
        # What is sent twice comes later.
        self.receiver.wait_for(2 * sales, 0)
        return 2 * sales / (counts["last"] - begin)

    def is_settled(self):
        waiting = f"SELECT count(*) FROM inboost_event WHERE {product.WAITING}"
        return self.value(waiting) == "0"


def fill(
    fetch,
    sales,
    source="bench_pending",
    tag="",
    age="interval '0'",
    first=0,
    **values,
):
    """Put into the outbox what ``sales`` sales capture, each of another customer as
    long as there are some.

    :param str tag: makes the facts others than those of before
    :param int first: the number of the first customer
    """
    tag = tag or str(uuid.uuid4())
    [[partner]] = fetch(
        "SELECT min(id) FROM res_partner WHERE phone_sanitized LIKE '+38050%'"
    )
    number = f"((n - 1 + {first}) % {shop.CUSTOMERS})"
    order = f"md5('{tag}' || n)::uuid::text"
    clone(
        fetch,
        source,
        "inboost_event",
        sales,
        age,
        key=f"'pos:' || {order}",
        event_id=f"md5('{tag}' || n || s.operation)::uuid::text",
        fact=f"jsonb_set(s.fact, '{{uuid}}', to_jsonb({order}))",
        partner_id=f"{partner} + {number}",
        phone=f"'+38050' || lpad(({number} + 1)::text, 7, '0')",
        **values,
    )


def order_uuid(tag, number):
    """:return: the uuid that :func:`fill` gave to its sale number ``number``"""
    return str(uuid.UUID(hashlib.md5(f"{tag}{number}".encode()).hexdigest()))
