from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import InboostCase

MODELS = "odoo.addons.inboost_connector.models.outbox"
FAILURE = f"{MODELS}.inboost_capture_failure"
CAPTURE = f"{MODELS}.inboost_capture"


@tagged("post_install", "-at_install")
class TestRegisterNets(InboostCase):
    """The reconciliation finds what it promises, whatever else is hopeless."""

    def setUp(self):
        super().setUp()
        self.Failure = self.env["inboost.capture.failure"].sudo()
        self.Failure.search([]).unlink()

    def forget(self, orders):
        self.env.cr.execute(
            "DELETE FROM inboost_event"
            " WHERE res_model = 'pos.order' AND res_id = ANY(%s)",
            [orders.ids],
        )
        self.env.invalidate_all()

    def hopeless(self, orders):
        """Each attempt to read one of ``orders`` fails."""
        read = type(orders)._inboost_prepare_facts

        def broken(documents, backend):
            if documents & orders:
                raise KeyError("hopeless")
            return read(documents, backend)

        return patch.object(type(orders), "_inboost_prepare_facts", broken)

    def test_hopeless_orders_block_no_other_and_are_listed_with_their_reason(self):
        sold = [self.sell(self.customer) for _number in range(5)]
        hopeless = self.env["pos.order"].union(*sold[:4])
        self.forget(hopeless + sold[4])
        with (
            self.hopeless(hopeless),
            # As if there were more than 500 of them.
            patch(f"{MODELS}.inboost_document_mixin.BATCH", 2),
            patch(f"{FAILURE}.RETRY_BATCH", 2),
            mute_logger(CAPTURE, FAILURE),
        ):
            self.env["inboost.backend"]._cron_reconcile()
            self.assertEqual(len(self.events_of(sold[4])), 2)
            listed = self.Failure.search([("solved_at", "=", False)])
            self.assertEqual(len(listed), 4)
            self.assertIn("KeyError: 'hopeless'", listed[0].error)
            # All of them are tried again in their turn, and none twice in a run.
            for _turn in range(2):
                self.env["inboost.backend"]._cron_reconcile()
            self.assertEqual(listed.mapped("attempts"), [2, 2, 2, 2])
        for _turn in range(2):
            self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.Failure.search([("solved_at", "=", False)]))
        for order in hopeless:
            self.assertEqual(len(self.events_of(order)), 2)

    def test_sales_without_customer_are_nothing_to_do(self):
        order = self.sell()
        self.forget(order)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.events_of(order))
