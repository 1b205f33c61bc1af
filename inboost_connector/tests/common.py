from unittest.mock import patch

from odoo import fields
from odoo.tools import config

from odoo.addons.point_of_sale.tests.common import TestPoSCommon

from ..lib.states import MOVES
from ..models.outbox import (
    inboost_connection,
    inboost_delivery_desk,
    inboost_delivery_settle,
    inboost_delivery_upkeep,
    inboost_watch,
)
from .fake_inboost import FakeInBoost

DETAILS = "/api/Purchases/AddPurchase"
WEBHOOK = "/api/webhok/purchase-token/"
#: Statements about many events obey the table of moves, as what writes one does.
CHECK_MOVES = """
    CREATE FUNCTION pg_temp.inboost_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE 'an event that is % cannot become %', OLD.state, NEW.state;
    END $$;
    CREATE TRIGGER inboost_check_moves BEFORE UPDATE OF state ON inboost_event
       FOR EACH ROW
      WHEN (OLD.state <> NEW.state AND OLD.state || ' ' || NEW.state <> ALL({moves}))
   EXECUTE FUNCTION pg_temp.inboost_refuse()
"""


class InboostCase(TestPoSCommon):
    """A connected backend, a register with two products, a customer with a phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.config = cls.basic_config
        moves = [f"{old} {new}" for old, new in MOVES]
        cls.env.cr.execute(CHECK_MOVES.format(moves=f"ARRAY{moves}"))
        cls.fake = FakeInBoost()
        cls.addClassCleanup(cls.fake.close)
        cls.options = inboost_connection.read_options(config["config"])
        options = {"allow_http": "True", "allowed_networks": "127.0.0.0/8"}
        cls.startClassPatcher(patch.dict(cls.options, options))
        cls.env.user.group_ids |= cls.env.ref("inboost_connector.group_inboost_manager")
        cls.tea = cls.create_product("Tea", cls.categ_basic, 10.0)
        cls.cup = cls.create_product(
            "Cup", cls.categ_basic, 20.0, tax_ids=cls.taxes["tax7"].ids
        )
        cls.tea.default_code = "TEA-01"
        ukraine = cls.env.ref("base.ua")
        cls.customer.write({"phone": "067 123 45 67", "country_id": ukraine.id})
        cls.env["inboost.backend"].search([]).write({"active": False})
        cls.backend = cls.env["inboost.backend"].create(
            {
                "name": "Test portal",
                "address": cls.fake.url,
                "secret_entry": "s3cret-key",
            }
        )
        for operation in ("purchase", "purchase_refund"):
            token = operation.replace("_", "-")
            cls.endpoint(
                operation
            ).address = f"{cls.fake.url}/api/webhok/{token}-token/"
        cls.backend._connect()

    @classmethod
    def endpoint(cls, operation):
        """With all rights: tests change addresses, which nobody may read."""
        return cls.backend.sudo()._endpoint(operation)

    def setUp(self):
        super().setUp()
        self.fake.requests.clear()
        self.fake.script.clear()
        # What a process remembers of servers, from one run to the next.
        for memory in (inboost_delivery_desk._paces, inboost_delivery_settle._tests):
            memory.clear()
        inboost_watch._looked.clear()
        self.env.cr.precommit.clear()
        # Created before the class's own moment of connecting: a second is enough.
        self.backend.connected_since = fields.Datetime.subtract(
            fields.Datetime.now(), minutes=1
        )

    def sell(self, customer=None, lines=None, uuid=None, data=None):
        """Sync one order as the register does; open a session when none is."""
        if not self.config.current_session_id:
            self.open_new_session()
        data = data or self.create_ui_order_data(
            lines or [(self.tea, 2), (self.cup, 1, 10.0)],
            customer=customer,
            uuid=uuid,
            pos_order_ui_args={"state": "paid"},
        )
        found = self.env["pos.order"].sync_from_ui([data])
        return self.env["pos.order"].browse(found["pos.order"][0]["id"])

    def events_of(self, order):
        return self.env["inboost.event"].search(
            [("res_model", "=", order._name), ("res_id", "=", order.id)], order="id"
        )

    def deliver(self):
        """Run the delivery cron the way Odoo does, until nothing is due."""
        cron = self.env.ref("inboost_connector.ir_cron_deliver")
        with (
            patch.object(inboost_delivery_upkeep, "MAX_RUN", 300.0),
            self.enter_registry_test_mode(),
        ):
            cron.method_direct_trigger()

    def part(self, name):
        """:param str name: a part of the delivery: desk, claim or settle"""
        return self.env[f"inboost.delivery.{name}"].sudo()

    def capture_some(self, count=1, operation="purchase", partner=None, **kwargs):
        """Events as captures make them, without an order behind them."""
        partner = self.customer if partner is None else partner
        facts = [
            (
                operation,
                f"test:{self.env['inboost.event'].search_count([])}:{number}",
                {
                    "number": str(number),
                    "uuid": str(number),
                    "time": "2026-01-01T10:00:00Z",
                },
                fields.Datetime.now(),
            )
            for number in range(count)
        ]
        return self.env["inboost.capture"]._capture(
            self.backend, facts, partner, **kwargs
        )
