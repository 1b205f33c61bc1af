# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Three months of a shop in Kyiv, for those who look at the addon for the first time.

Only a database with demo data has it. Sales are made as a register makes them, and
recorded as they always are; then their times are put back. Nothing is sent: the portal
does not exist, and the backend is paused."""

import random
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from odoo import api, fields, models
from odoo.tools import SQL

#: {table: columns that say when a row came to be}, of what a sale leaves behind.
TIMES = {
    "inboost_event": ("occurred_at", "queued_at", "create_date", "write_date"),
    "inboost_bonus_move": ("time", "create_date"),
    "loyalty_history": ("create_date",),
}
CUSTOMERS = [f"demo_customer_{number}" for number in range(1, 25)]
GOODS = [f"demo_product_{number}" for number in range(1, 11)]
#: Numbers in the portal, of the customers in their order. The simulator's made-up
#: people have the same ones: python -m simulator --customers 60
INBOOST_IDS = """
414c343c-1027-44d1-8386-bbc4cd613e30 b8b6d8fe-442e-4d43-b204-e52db2221a58
076f3787-b9d1-49e0-ac0f-d4f5f8130c42 ea90a8f0-d66b-429e-aa8a-c4ba05805975
6c0f3459-f79b-47ae-afba-91fc803468b6 aa2ca1af-6a10-4b75-a77f-6cbdcc22af58
5eda92d8-64ac-4db9-9707-107e855c3844 dc3bf364-eb8a-48ce-8a24-5e6b33138131
01762741-bab9-487f-b505-92859be3cecb 0e5e18ba-f320-4d57-ad14-475b349aae90
54c56c9a-9cc9-4f4e-8954-6b439f9d0129 d77c96c0-084f-4dd6-815a-f341ee52bdb6
2b0b8c12-f3b3-4f32-8702-66c44155d7ef baeb41a5-e65a-4149-80e2-a20a1bd7ce73
fa1b1bf1-3879-499b-950e-00978b7199cd 202cc828-4c71-4095-bcc9-9ae80f0c8a89
e0f3a7ef-8f8b-4b83-822b-c32021615022 92c9357d-34ac-4d78-9959-b9ef58d07674
336b1a45-282e-40bc-84a1-bde44806aa81 afe673f6-d673-4839-a1e4-8557ea190b2a
d7547080-8181-484d-99a7-4924550d40dd fdc1786b-ddbd-458f-a156-c4df12bccdcb
88c780f6-907f-4669-8ba9-55f3e4096150 0a3efb80-ca35-4568-a293-4bf1d37c9961
""".split()


class InboostDemo(models.AbstractModel):
    """What happened in the demo shop."""

    _name = "inboost.demo"
    _description = "InBoost Demo Shop"

    @api.model
    def _make_story(self):
        shop = self._in_shop()
        shop._open_books()
        register = shop._open_register()
        backend = shop._ref("demo_backend")
        shop._connect(backend)
        shop._link_customers(backend)
        with shop._recording_old(backend):
            shop._sell_for_months(register)
            shop._close(register)
            shop._sell_yesterday(register)
            shop._make_up_for_waiting()
        shop._deliver(shop._find_unsent(backend))
        shop._go_wrong(backend)
        shop._synchronise(backend)
        shop._ask(backend)
        shop._sum_up(backend)
        backend._pause("text", {"text": "Демонстраційні дані: нікуди не надсилаються."})

    def _in_shop(self):
        """As the administrator in the demo company, past access rights."""
        admin = self.env.ref("base.user_admin")
        shop = self.with_user(admin).with_company(self._ref("demo_company")).sudo()
        return shop.with_context(tracking_disable=True, mail_create_nolog=True)

    @api.model
    def _ref(self, name):
        return self.env.ref(f"inboost_connector.{name}")

    @api.model
    def _put(self, records, **values):
        """Past the rules of writing: how a record came to stand so does not matter."""
        self.env.flush_all()
        assignments = SQL(", ").join(
            SQL("%s = %s", SQL.identifier(name), value)
            for name, value in values.items()
        )
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                assignments,
                records.ids,
            )
        )
        self.env.invalidate_all()

    @contextmanager
    def _at(self, moment):
        """What is recorded inside happened at ``moment``."""
        before = {table: self._newest(table) for table in TIMES}
        yield
        self.env.flush_all()
        for table, columns in TIMES.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s WHERE id > %s",
                    SQL.identifier(table),
                    SQL(", ").join(
                        SQL("%s = %s", SQL.identifier(column), moment)
                        for column in columns
                    ),
                    before[table],
                )
            )
        self.env.invalidate_all()

    def _newest(self, table):
        query = SQL("SELECT COALESCE(MAX(id), 0) FROM %s", SQL.identifier(table))
        return self.env.execute_query(query)[0][0]

    @api.model
    def _ago(self, days=0, hours=0, minutes=0):
        return fields.Datetime.now() - timedelta(
            days=days, hours=hours, minutes=minutes
        )

    # -- the shop ------------------------------------------------------------------

    def _open_books(self):
        company = self.env.company
        company.partner_id.tz = "Europe/Kyiv"
        self.env["account.chart.template"]._load("generic_coa", company, False)
        # The chart of no country comes with America's.
        company.currency_id = self.env.ref("base.UAH")
        company.account_fiscal_country_id = self.env.ref("base.ua")
        # Prices are as one pays them.
        goods = self.env["product.product"].union(*map(self._ref, GOODS))
        goods.taxes_id = False

    def _open_register(self):
        """:return: the register, open"""
        configs = self.env["pos.config"]
        journal, methods = configs._create_journal_and_payment_methods(
            cash_journal_vals={"name": "Готівка", "show_on_dashboard": False}
        )
        names = {"cash": "Готівка", "bank": "Картка", "pay_later": "Рахунок клієнта"}
        for method in self.env["pos.payment.method"].browse(methods):
            method.name = names[method.type]
        register = configs.create(
            {
                "name": "Каса 1",
                "journal_id": journal.id,
                "payment_method_ids": methods,
                "limit_categories": True,
                "iface_available_categ_ids": [
                    self._ref(f"demo_category_{name}").id
                    for name in ("face", "body", "hair")
                ],
            }
        )
        register.open_ui()
        register.current_session_id.set_opening_control(0, None)
        return register

    def _close(self, register):
        session = register.current_session_id
        session.cash_register_balance_end_real = session.cash_register_balance_end
        session.action_pos_session_closing_control()
        dates = session.order_ids.mapped("date_order")
        hour = timedelta(hours=1)
        self._put(session, start_at=min(dates) - hour, stop_at=max(dates) + hour)

    def _connect(self, backend):
        backend.secret = "demo-secret"
        for endpoint in backend.endpoint_ids.filtered(lambda e: e.kind == "webhook"):
            name = endpoint.operation.replace("_", "-")
            endpoint.address = f"{backend.address}/api/webhok/{name}-demo/"
            endpoint.enabled = True
        backend._connect()
        backend.connected_since = self._ago(days=92)

    @contextmanager
    def _recording_old(self, backend):
        """Old sales are recorded as what they were when they were new."""
        lives = {e: e.shelf_life_days for e in backend.endpoint_ids}
        backend.endpoint_ids.shelf_life_days = 0
        yield
        for endpoint, days in lives.items():
            endpoint.shelf_life_days = days

    def _link_customers(self, backend):
        links = self.env["inboost.customer"]
        for name, inboost_id in zip(CUSTOMERS, INBOOST_IDS, strict=True):
            links |= self._link(backend, self._ref(name), inboost_id)
        self._put(links, create_date=self._ago(days=91))
        self._put(links.partner_id, create_date=self._ago(days=120))
        backend.pull_released = True

    def _link(self, backend, partner, inboost_id, **values):
        fact = {
            "firstname": partner.firstname,
            "lastname": partner.lastname,
            "email": partner.email or None,
        }
        return self.env["inboost.customer"].create(
            {
                "backend_id": backend.id,
                "partner_id": partner.id,
                "inboost_id": inboost_id,
                "phone": partner.phone_sanitized,
                "fact": fact,
                "last_pull": fields.Date.today(),
                **values,
            }
        )

    # -- sales ---------------------------------------------------------------------

    def _sell_for_months(self, register):
        """A sale every second day, lately two a day; the same ones each time."""
        chance = random.Random(14)  # nosec B311
        for day in sorted([*range(88, 9, -2), *range(2, 10), *range(2, 10)])[::-1]:
            partner = self._ref(chance.choice(CUSTOMERS)) if day % 7 else None
            moment = self._ago(days=day).replace(
                hour=chance.randint(8, 16), minute=chance.randint(0, 59)
            )
            goods = chance.sample(GOODS, chance.randint(1, 3))
            spend = chance.random() < 0.3
            self._sell(register, partner, goods, moment, spend=spend)

    def _sell_yesterday(self, register):
        """What is on its way, and what waits for somebody."""
        opened = self._ago(days=1).replace(hour=8, minute=0, second=0)
        register.open_ui()
        register.current_session_id.set_opening_control(0, None)
        for minutes, name, goods in (
            (35, "demo_customer_8", GOODS[:2]),
            (110, "demo_customer_21", GOODS[9:]),
            (190, "demo_customer_parked", GOODS[4:6]),
            (275, "demo_customer_7", GOODS[2:4]),
            (340, "demo_customer_6", GOODS[7:9]),
        ):
            moment = opened + timedelta(minutes=minutes)
            self._sell(register, self._ref(name), goods, moment)
        # The second call of the register, with the points, was lost.
        moment, customer = opened + timedelta(hours=7), self._ref("demo_customer_12")
        self._sell(register, customer, GOODS[:1], moment, points=False)
        self._close(register)
        self.env["inboost.bonus.missing"]._find_all()

    def _sell(self, register, partner, goods, moment, spend=False, points=True):
        with self._at(moment):
            order = self._sync(register, partner, goods, moment)
            if partner and points:
                self._give_points(order, partner, spend)
        return order

    def _sync(self, register, partner, goods, moment):
        """A paid order, as the register hands it in.

        :param goods: names of products, one of each
        """
        session = register.current_session_id
        goods = [self._ref(name) for name in goods]
        total = sum(product.list_price for product in goods)
        chance = random.Random(f"{moment:%Y-%m-%d %H}{total}")  # nosec B311
        method = register.payment_method_ids.filtered("journal_id")[
            chance.random() < 0.4
        ]
        uuids = [
            str(UUID(int=chance.getrandbits(128), version=4))
            for _one in range(len(goods) + 1)
        ]
        data = {
            "uuid": uuids[0],
            "name": uuids[0],
            "state": "paid",
            "session_id": session.id,
            "user_id": self.env.uid,
            "partner_id": partner and partner.id,
            "pricelist_id": register.pricelist_id.id,
            "fiscal_position_id": False,
            "amount_paid": total,
            "amount_return": 0,
            "amount_tax": 0,
            "amount_total": total,
            "date_order": fields.Datetime.to_string(moment),
            "last_order_preparation_change": "{}",
            "to_invoice": False,
            "lines": [
                fields.Command.create(self._prepare_line(product, uuid))
                for product, uuid in zip(goods, uuids[1:], strict=True)
            ],
            "payment_ids": [
                fields.Command.create(
                    {
                        "amount": total,
                        "name": fields.Datetime.to_string(moment),
                        "payment_method_id": method.id,
                    }
                )
            ],
        }
        orders = self.env["pos.order"]
        return orders.browse(orders.sync_from_ui([data])["pos.order"][0]["id"])

    def _prepare_line(self, product, uuid):
        return {
            "uuid": uuid,
            "product_id": product.id,
            "qty": 1,
            "price_unit": product.list_price,
            "price_subtotal": product.list_price,
            "price_subtotal_incl": product.list_price,
            "tax_ids": [],
            "pack_lot_ids": [],
            "discount": 0,
        }

    def _give_points(self, order, partner, spend=False):
        """A twentieth is won; of what is there, half may be spent."""
        card = self._find_card(partner)
        won = round(order.amount_total / 20, 2)
        spent = round(card.points / 2, 2) if spend else 0.0
        moves = self.env["inboost.bonus.move"]
        with moves._recording(
            order=order, order_uuid=order._inboost_get_uuid()
        ) as recording:
            recording.gross[card.id] = spent
            card.points += won - spent
        self.env["loyalty.history"].create(
            {
                "card_id": card.id,
                "description": order.display_name,
                "issued": won,
                "used": spent,
                "order_model": order._name,
                "order_id": order.id,
            }
        )

    def _find_card(self, partner):
        cards = self.env["loyalty.card"]
        owner = {"partner_id": partner.id, "program_id": self._ref("demo_program").id}
        domain = [(name, "=", value) for name, value in owner.items()]
        return cards.search(domain) or cards.create({**owner, "points": 0})
