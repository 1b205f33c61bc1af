from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from ...models.outbox import inboost_watch
from ..common import InboostCase


@tagged("post_install", "-at_install")
class TestCost(InboostCase):
    """What a sale pays for being connected, in statements."""

    def statements_of(self, sale):
        statements = []
        cr = self.env.cr
        execute = type(cr).execute

        def listen(cursor, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(type(cr), "execute", listen):
            sale()
            self.env.flush_all()
        return statements

    def sell_five_lines(self):
        data = self.create_ui_order_data(
            [(self.tea, 1), (self.cup, 1), (self.tea, 2), (self.cup, 2), (self.tea, 3)],
            customer=self.customer,
            pos_order_ui_args={"state": "paid"},
        )
        self.env.flush_all()
        self.env.invalidate_all()

        def sale():
            self.env["pos.order"].sync_from_ui([data])

        return sale

    def test_a_connected_sale_costs_four_statements_more(self):
        # Once a minute a sale looks whether events are sent: this test may take longer.
        self.startPatcher(patch.object(inboost_watch, "EVERY", 1e9))
        # The stock writes a date again when the second has changed.
        self.startPatcher(freeze_time(datetime.now()))
        self.open_new_session()
        self.statements_of(self.sell_five_lines())
        with patch.object(
            type(self.env["pos.order"]), "_inboost_capture", lambda self, again="": None
        ):
            apart = self.statements_of(self.sell_five_lines())
        connected = self.statements_of(self.sell_five_lines())
        more = len(connected) - len(apart)
        ours = list(connected)
        for statement in apart:
            if statement in ours:
                ours.remove(statement)
        self.assertLessEqual(more, 4, "\n".join(ours))
