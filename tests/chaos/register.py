"""Tills that sell through the register's own call, and never forget an order: what was
not confirmed is synchronised again, as a register does."""

import json
import random
import threading
import time
import uuid
from datetime import datetime, timezone

import requests

from tests.support.orders import PRELUDE

#: Run in Odoo's shell: what an order of this register is made of.
OPEN = (
    PRELUDE
    + """
import json
partners = [customer(number).id for number in range(COUNT)]
env.cr.commit()
print("register=" + json.dumps({
    "session": session.id, "user": env.uid, "partners": partners,
    "pricelist": config.pricelist_id.id or False, "product": product.id,
    "payment": cash.id}))
"""
)


def open_register(odoo, customers):
    done = odoo.shell(OPEN.replace("COUNT", str(customers)))
    return json.loads(done.stdout.rpartition("register=")[2])


class Till(threading.Thread):
    """Sells to customers of its own until it is stopped.

    :ivar sold: orders that the server confirmed
    """

    def __init__(self, odoo, register, partners, seed):
        super().__init__(daemon=True)
        self.odoo, self.register, self.partners = odoo, register, partners
        self.rng = random.Random(seed)
        self.closing = threading.Event()
        self.sold = []

    def run(self):
        while not self.closing.is_set():
            order = self.make_order()
            while not self.synchronise(order):
                time.sleep(0.5)
            self.sold.append(order["uuid"])
            time.sleep(self.rng.uniform(0.0, 0.4))

    def close(self):
        """The order at hand is confirmed first."""
        self.closing.set()
        self.join(120)
        assert not self.is_alive(), "an order was not confirmed"

    def synchronise(self, order):
        """:return: whether the server confirmed it"""
        arguments = [self.odoo.database, self.register["user"], "admin", "pos.order"]
        params = {
            "service": "object",
            "method": "execute_kw",
            "args": [*arguments, "sync_from_ui", [[order]]],
        }
        try:
            answer = requests.post(
                f"{self.odoo.url}/jsonrpc",
                json={"jsonrpc": "2.0", "method": "call", "params": params},
                timeout=20,
            )
            return bool(answer.json()["result"]["pos.order"])
        except (requests.RequestException, KeyError, ValueError):
            return False

    def make_order(self):
        price = float(self.rng.randint(1, 99))
        number = uuid.UUID(int=self.rng.getrandbits(128), version=4)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        line = {
            "id": 1,
            "uuid": str(uuid.UUID(int=self.rng.getrandbits(128), version=4)),
            "product_id": self.register["product"],
            "qty": 1,
            "price_unit": price,
            "price_subtotal": price,
            "price_subtotal_incl": price,
            "discount": 0,
            "tax_ids": [(6, 0, [])],
            "pack_lot_ids": [],
        }
        payment = {
            "amount": price,
            "name": now,
            "payment_method_id": self.register["payment"],
        }
        return {
            "uuid": str(number),
            "name": str(number),
            "state": "paid",
            "session_id": self.register["session"],
            "user_id": self.register["user"],
            "partner_id": self.rng.choice(self.partners),
            "pricelist_id": self.register["pricelist"],
            "fiscal_position_id": False,
            "amount_paid": price,
            "amount_return": 0,
            "amount_tax": 0,
            "amount_total": price,
            "date_order": now,
            "last_order_preparation_change": "{}",
            "to_invoice": False,
            "lines": [(0, 0, line)],
            "payment_ids": [(0, 0, payment)],
        }
