"""A shop with a register: the same with the connector and without. Functions with
``env`` run inside a worker."""

import time
import uuid

import cluster
from workspace import MODULES

from . import product
from .databases import clone, prepared, run_sql
from .receiver import Receiver
from .worker import Worker

LINES = 5
PRICE = 10.0
#: Customers that events are about; each has a phone of its own.
CUSTOMERS = 5000
#: Sells, and has no more rights than that takes.
CASHIER = "bench_cashier"


def prepare(_bench):
    absent()
    connected()


def absent():
    """:return: the database of a shop without the connector"""
    return prepared("absent", make_absent)


def connected():
    """:return: the database of a shop with it, and with samples of the outbox's rows:
    ``bench_pending`` (what a sale captures), ``bench_delivered`` and ``bench_log``"""
    return prepared("shop", make_connected)


def make_absent(database):
    cluster.copy(cluster.base(MODULES), database)
    with Worker(database) as worker:
        worker(open_register)


def make_connected(database):
    cluster.copy(cluster.template("test", MODULES), database)
    receiver = Receiver()
    try:
        with Worker(database) as worker:
            worker(open_register)
            worker(product.connect, url=receiver.url)
            worker(sell)
            fetch = run_sql(database)
            fetch("CREATE TABLE bench_pending AS SELECT * FROM inboost_event")
            worker(product.deliver)
            fetch("CREATE TABLE bench_delivered AS SELECT * FROM inboost_event")
            fetch("CREATE TABLE bench_log AS SELECT * FROM inboost_request_log")
    finally:
        receiver.stop()
    clone_customers(fetch, CUSTOMERS)


def clone_customers(fetch, count, prefix="+38050"):
    """Contacts as the register's customer, each with a phone of its own, one id behind
    the other.

    :return: the id before the first of them
    """
    [[last]] = fetch("SELECT max(id) FROM res_partner")
    phone = f"'{prefix}' || lpad(n::text, 7, '0')"
    clone(
        fetch,
        "(SELECT * FROM res_partner WHERE name = 'Olena Kovalenko')",
        "res_partner",
        count,
        id=f"{last} + n",
        commercial_partner_id=f"{last} + n",
        name="'Customer ' || n",
        complete_name="'Customer ' || n",
        phone=phone,
        phone_sanitized=phone,
    )
    fetch(f"SELECT setval('res_partner_id_seq', {int(last) + count})")
    return int(last)


# -- inside a worker -----------------------------------------------------------------


def open_register(env):
    """A register with products, a customer, and a loyalty program with a card."""
    env["loyalty.program"].search([]).active = False
    program = env["loyalty.program"].create(
        {
            "name": "Bonuses",
            "program_type": "loyalty",
            "applies_on": "both",
            "trigger": "auto",
            "pos_ok": True,
            "rule_ids": [
                (0, 0, {"reward_point_mode": "money", "reward_point_amount": 1})
            ],
        }
    )
    env["product.product"].create(
        [
            {
                "name": f"Tea {number}",
                "default_code": f"TEA-{number}",
                "list_price": PRICE,
                "taxes_id": False,
                "available_in_pos": True,
            }
            for number in range(LINES)
        ]
    )
    customer = env["res.partner"].create(
        {"name": "Olena Kovalenko", "phone": "+380671234567"}
    )
    env["loyalty.card"].create(
        {"program_id": program.id, "partner_id": customer.id, "points": 100}
    )
    env["res.users"].create(
        {
            "name": "Cashier",
            "login": CASHIER,
            "group_ids": [
                (4, env.ref("base.group_user").id),
                (4, env.ref("point_of_sale.group_pos_user").id),
            ],
        }
    )
    config = env["pos.config"].search([("company_id", "=", env.company.id)], limit=1)
    if not config.current_session_id:
        config.open_ui()
        config.current_session_id.set_opening_control(0, None)


def order_data(env):
    """An order of five lines as the register syncs it."""
    config = env["pos.config"].search([("company_id", "=", env.company.id)], limit=1)
    cash = config.payment_method_ids.filtered("is_cash_count")[:1]
    products = env["product.product"].search([("default_code", "=like", "TEA-%")])
    order = str(uuid.uuid4())
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    total = PRICE * LINES
    return {
        "uuid": order,
        "name": order,
        "state": "paid",
        "session_id": config.current_session_id.id,
        "user_id": env.uid,
        "partner_id": customer_of(env).id,
        "pricelist_id": config.pricelist_id.id,
        "fiscal_position_id": False,
        "amount_paid": total,
        "amount_return": 0,
        "amount_tax": 0,
        "amount_total": total,
        "date_order": now,
        "last_order_preparation_change": "{}",
        "to_invoice": False,
        "lines": [(0, 0, line_data(product)) for product in products],
        "payment_ids": [
            (0, 0, {"amount": total, "name": now, "payment_method_id": cash.id})
        ],
    }


def line_data(item):
    return {
        "pack_lot_ids": [],
        "price_unit": PRICE,
        "product_id": item.id,
        "price_subtotal": PRICE,
        "price_subtotal_incl": PRICE,
        "qty": 1,
        "tax_ids": [(6, 0, [])],
        "discount": 0,
        "uuid": str(uuid.uuid4()),
    }


def as_cashier(env):
    return env(user=env["res.users"].search([("login", "=", CASHIER)]).id)


def customer_of(env):
    return env["res.partner"].search([("name", "=", "Olena Kovalenko")], limit=1)


def sell(env):
    """Sync one order in a transaction of its own, as a request does.

    :return: dict with ms, statements, uuid, and the unix time of the commit
    """
    env = as_cashier(env)
    data = order_data(env)
    env.cr.commit()
    return timed(env, lambda env: env["pos.order"].sync_from_ui([data])) | {
        "uuid": data["uuid"]
    }


def sell_and_confirm(env):
    """Sync one order, then confirm its points.

    :return: as :func:`sell`, of the confirmation
    """
    env = as_cashier(env)
    data = order_data(env)
    synced = env["pos.order"].sync_from_ui([data])
    order_id = synced["pos.order"][0]["id"]
    card = env["loyalty.card"].search([("partner_id", "=", data["partner_id"])])
    points = {
        "points": 50,
        "program_id": card.program_id.id,
        "coupon_id": card.id,
        "barcode": False,
        "line_codes": [],
    }
    env.cr.commit()
    return timed(
        env,
        lambda env: (
            env["pos.order"]
            .browse(order_id)
            .confirm_coupon_programs({str(card.id): points})
        ),
    )


def timed(env, request):
    """Run ``request`` with a cursor and an environment of its own, to the commit."""
    begin = time.perf_counter()
    with env.registry.cursor() as cr:
        before = cr.sql_log_count
        request(env(cr=cr))
        cr.commit()
        committed = time.time()
        statements = cr.sql_log_count - before
    return {
        "ms": (time.perf_counter() - begin) * 1000,
        "statements": statements,
        "committed": committed,
    }
