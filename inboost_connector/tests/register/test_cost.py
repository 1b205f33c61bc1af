from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from ...models.bonuses.inboost_bonus_move import Recording
from ...models.outbox import inboost_watch
from ..common_bonus import BonusCase


@tagged("post_install", "-at_install")
class TestCost(BonusCase):
    """What a sale pays for being connected, in statements."""

    def setUp(self):
        super().setUp()
        # Once a minute a sale looks whether events are sent: this test may take longer.
        self.startPatcher(patch.object(inboost_watch, "EVERY", 1e9))
        # The stock writes a date again when the second has changed.
        self.startPatcher(freeze_time(datetime.now()))
        self.open_new_session()

    def statements_of(self, sale):
        statements = []
        cr = self.env.cr
        execute = type(cr).execute

        def listen(cursor, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(type(cr), "execute", listen):
            sale()
            # With what waits for the commit, as messages of the bus do.
            self.env.cr.flush()
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
        self.statements_of(self.sell_five_lines())
        with patch.object(
            type(self.env["pos.order"]), "_inboost_capture", lambda self, again="": None
        ):
            apart = self.statements_of(self.sell_five_lines())
        self.assert_few_more(4, self.statements_of(self.sell_five_lines()), apart)

    def confirm(self):
        card = self.customer_card
        order = self.sell(self.customer)
        self.env.cr.flush()
        self.env.invalidate_all()
        return lambda: self.confirm_points(order, card, 5)

    def test_confirmed_points_cost_nine_statements_more(self):
        """Their row of the ledger, an accrual and a balance."""
        self.customer_card = self.make_card(20)
        self.statements_of(self.confirm())

        @contextmanager
        def quiet(moves, *args, **kwargs):
            yield Recording()

        with patch.object(type(self.env["inboost.bonus.move"]), "_recording", quiet):
            apart = self.statements_of(self.confirm())
        self.assert_few_more(9, self.statements_of(self.confirm()), apart)

    def assert_few_more(self, most, connected, apart):
        more = len(connected) - len(apart)
        ours = list(connected)
        for statement in apart:
            if statement in ours:
                ours.remove(statement)
        self.assertLessEqual(more, most, "\n".join(ours))
