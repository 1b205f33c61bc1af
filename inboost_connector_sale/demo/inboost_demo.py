# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import random

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.inboost_connector.demo.inboost_demo import CUSTOMERS, GOODS


class InboostDemo(models.AbstractModel):
    """The demo shop sells on the web, too."""

    _inherit = "inboost.demo"

    @api.model
    def _make_web_orders(self):
        if not self.env.ref("inboost_connector.demo_backend", False):
            # Installed without its demo data.
            return
        shop, backend = self._in_shop(), self._ref("demo_backend")
        newest = shop._newest("inboost_event")
        chance = random.Random(28)  # nosec B311
        with shop._recording_old(backend):
            for day in range(84, 0, -6):
                partner = shop._ref(chance.choice(CUSTOMERS))
                moment = shop._ago(days=day).replace(
                    hour=chance.randint(6, 20), minute=chance.randint(0, 59)
                )
                goods = chance.sample(GOODS, chance.randint(1, 4))
                shop._order_online(partner, goods, moment)
        shop._deliver(shop._find_unsent(backend, newest))
        shop._sum_up(backend)

    def _order_online(self, partner, goods, moment):
        """A confirmed order, with its points."""
        with self._at(moment):
            order = self.env["sale.order"].create(
                {
                    "partner_id": partner.id,
                    "company_id": self.env.company.id,
                    "team_id": self.env.ref("inboost_connector_sale.demo_team").id,
                    "client_order_ref": "solomiia.example",
                    "order_line": [
                        fields.Command.create(
                            {"product_id": self._ref(name).id, "product_uom_qty": 1}
                        )
                        for name in goods
                    ],
                }
            )
            order.action_confirm()
            self._record_as_of(order, moment)
            self._give_points(order, partner)

    def _record_as_of(self, order, moment):
        """Odoo confirms an order as of now: it is recorded again with its real time."""
        self._put(order, date_order=moment, create_date=moment)
        self.env.cr.execute(
            SQL(
                "DELETE FROM inboost_event WHERE res_model = %s AND res_id = %s",
                order._name,
                order.id,
            )
        )
        self.env.invalidate_all()
        order._inboost_capture_missed()
