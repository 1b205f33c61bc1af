"""Tills that sell through the register's own calls, and never forget an order: what was
not confirmed is synchronised again, as a register does. InBoost, which announces
customers until it is told that they were taken. And somebody who pulls customers."""

import http.client
import json
import random
import threading
import time
import uuid
import xmlrpc.client
from contextlib import suppress
from datetime import datetime, timezone

import requests

from tests.support.orders import PRELUDE

#: Run in Odoo's shell: what an order of this register is made of.
OPEN = (
    PRELUDE
    + """
import json
partners = [customer(number).id for number in range(COUNT)]
program = env["loyalty.program"].create(
    {"name": "Chaos", "program_type": "loyalty", "applies_on": "both",
     "trigger": "auto"})
backend = env["inboost.backend"].search([], limit=1)
backend.program_ids = program
cards = {partner: env["loyalty.card"].create(
    {"program_id": program.id, "partner_id": partner}).id for partner in partners}
backend.write({"incoming_open": True, "incoming_token_entry": "TOKEN"})
parameters = env["ir.config_parameter"]
parameters.set_param("inboost_connector.health_token", "TOKEN")
parameters.set_param("inboost_connector.health_seconds", "10")
env.cr.commit()
print("register=" + json.dumps({
    "session": session.id, "user": env.uid, "partners": partners,
    "pricelist": config.pricelist_id.id or False, "product": product.id,
    "payment": cash.id, "cards": cards, "program": program.id,
    "backend": backend.id}))
"""
)
TOKEN = "a-token-nobody-can-guess-1234"
#: One of so many orders takes goods back.
REFUNDS = 6
TILLS, CUSTOMERS = 2, 12
#: Customers of InBoost's own list.
LISTED = 200
#: Seconds between two sales of a till, at most.
PAUSE = 0.4


def open_register(odoo, customers=CUSTOMERS):
    done = odoo.shell(OPEN.replace("COUNT", str(customers)).replace("TOKEN", TOKEN))
    return json.loads(done.stdout.rpartition("register=")[2])


def open_tills(odoo, seed, pause=PAUSE):
    """Each has customers of its own."""
    partners = odoo.register["partners"]
    return [
        Till(odoo, odoo.register, partners[number::TILLS], seed + number, pause)
        for number in range(TILLS)
    ]


def count_sales(tills):
    return sum(len(till.sold) for till in tills)


class Till(threading.Thread):
    """Sells to customers of its own until it is stopped.

    :ivar sold: orders that the server confirmed, by their uuid; of each, whether it is
        a refund
    :ivar begun: of each, the unix time of its first request
    :ivar took: seconds until each was confirmed
    :ivar points: {card: what was certainly given to it}
    :ivar unsure: cards that an unanswered request may have changed
    """

    def __init__(self, odoo, register, partners, seed, pause=PAUSE):
        super().__init__(daemon=True)
        self.odoo, self.register, self.partners = odoo, register, partners
        self.rng, self.pause = random.Random(seed), pause
        self.closing = threading.Event()
        self.sold, self.begun, self.took = {}, {}, []
        self.points, self.unsure = {}, set()

    def run(self):
        while not self.closing.is_set():
            order = self.make_order()
            self.begun[order["uuid"]] = begin = time.time()
            while not (number := self.synchronise(order)):
                time.sleep(0.5)
            self.took.append(time.time() - begin)
            self.sold[order["uuid"]] = order["amount_total"] < 0
            if order["amount_total"] > 0:
                self.give_points(number, order["partner_id"])
            time.sleep(self.rng.uniform(0.0, self.pause))

    def close(self):
        """The order at hand is confirmed first."""
        self.closing.set()
        self.join(120)
        assert not self.is_alive(), "an order was not confirmed"

    def synchronise(self, order):
        """:return: the id of the order that the server confirmed; 0 when it did not"""
        answer = self.call("sync_from_ui", [[order]])
        try:
            return answer["result"]["pos.order"][0]["id"]
        except (TypeError, KeyError, IndexError):
            return 0

    def give_points(self, number, partner):
        """The register's second call. It makes no other try: what is lost is lost to
        Odoo, too."""
        card, points = self.register["cards"][str(partner)], self.rng.randint(1, 9)
        about = {"points": points, "coupon_id": card, "line_codes": []}
        about |= {"program_id": self.register["program"], "barcode": False}
        answer = self.call("confirm_coupon_programs", [[number], {str(card): about}])
        if answer and "result" in answer:
            self.points[card] = self.points.get(card, 0) + points
        else:
            self.unsure.add(card)

    def call(self, method, arguments):
        """:return: the answer; None when there is none"""
        who = [self.odoo.database, self.register["user"], "admin", "pos.order"]
        params = {
            "service": "object",
            "method": "execute_kw",
            "args": [*who, method, arguments],
        }
        try:
            return requests.post(
                f"{self.odoo.url}/jsonrpc",
                json={"jsonrpc": "2.0", "method": "call", "params": params},
                timeout=20,
            ).json()
        except (requests.RequestException, ValueError):
            return None

    def make_order(self):
        price = float(self.rng.randint(1, 99))
        quantity = -1 if self.rng.randrange(REFUNDS) == 0 else 1
        total = price * quantity
        number = uuid.UUID(int=self.rng.getrandbits(128), version=4)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
        line = {
            "id": 1,
            "uuid": str(uuid.UUID(int=self.rng.getrandbits(128), version=4)),
            "product_id": self.register["product"],
            "qty": quantity,
            "price_unit": price,
            "price_subtotal": total,
            "price_subtotal_incl": total,
            "discount": 0,
            "tax_ids": [(6, 0, [])],
            "pack_lot_ids": [],
        }
        payment = {
            "amount": total,
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
            "amount_paid": total,
            "amount_return": 0,
            "amount_tax": 0,
            "amount_total": total,
            "date_order": now,
            "last_order_preparation_change": "{}",
            "to_invoice": False,
            "lines": [(0, 0, line)],
            "payment_ids": [(0, 0, payment)],
        }


class Announcer(threading.Thread):
    """InBoost, which announces a new customer again and again until it is taken.

    :ivar taken: numbers of customers who were"""

    def __init__(self, odoo, register, seed):
        super().__init__(daemon=True)
        self.odoo, self.register = odoo, register
        self.rng = random.Random(seed)
        self.closing, self.taken = threading.Event(), []

    def run(self):
        number = 0
        while not self.closing.is_set():
            number += 1
            while not self.announce(number):
                time.sleep(0.5)
            self.taken.append(number)
            time.sleep(self.rng.uniform(1.0, 3.0))

    def announce(self, number):
        try:
            return requests.post(
                f"{self.odoo.url}/inboost/webhook/{self.register['backend']}",
                json={"id": f"chaos-{number}", "userPhoneNumber": f"38050{number:07}"},
                headers={
                    "Authorization": f"Bearer {TOKEN}",
                    "webhook-id": f"chaos-{number}",
                },
                timeout=20,
            ).ok
        except requests.RequestException:
            return False


class Puller(threading.Thread):
    """Presses *Synchronise Now* again and again, and does not mind an error.

    :ivar listed: InBoost's customers"""

    def __init__(self, odoo, register, listed, seed):
        super().__init__(daemon=True)
        self.odoo, self.register, self.listed = odoo, register, listed
        self.rng, self.closing = random.Random(seed), threading.Event()

    def run(self):
        while not self.closing.wait(self.rng.uniform(2, 8)):
            with suppress(OSError, xmlrpc.client.Error, http.client.HTTPException):
                self.press()

    def press(self):
        """:return: the id of the run"""
        backend = self.register["backend"]
        found = self.odoo.execute("inboost.backend", "action_synchronise", [backend])
        return found["res_id"]
