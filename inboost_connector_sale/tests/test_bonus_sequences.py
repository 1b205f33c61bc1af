from datetime import timedelta
from itertools import count
from uuid import uuid4

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from odoo.addons.inboost_connector.tests.common_bonus import (
    ACCRUAL,
    BALANCE,
    REDEMPTION,
)

from .common import SaleCase

STEPS = (
    "sell",
    "sell_net_zero",
    "refund",
    "confirm_points_again",
    "place",
    "place_with_reward",
    "cancel",
    "place_again",
    "edit_line",
    "wizard",
    "import",
    "merge",
    "expire",
)
PHONES = count(1)


@tagged("post_install", "-at_install")
class TestBonusSequences(SaleCase):
    """Any sequence of what can happen to points, by the real paths: the ledger agrees
    with the cards at each step, and InBoost with us in the end."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.write({"inboost_validity_days": 30, "inboost_burn_expired": True})

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        # Each step costs a tenth of a second: shrinking would take for ever.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(
            st.tuples(st.sampled_from(STEPS), st.integers(0, 1), st.integers(1, 9)),
            min_size=3,
            max_size=10,
        )
    )
    def test_ledger_and_inboost_agree(self, steps):
        self.fake.requests.clear()
        self.begin()
        note(steps)
        for name, which, amount in steps:
            # A merge archives one of the two.
            card = self.cards.filtered("active")[: which + 1][-1]
            getattr(self, f"do_{name}")(card, amount)
            self.assertLedger(self.cards)
        self.assertInboostAgrees()

    def begin(self):
        # Two months pass at the end: nothing is to grow too old to be sent.
        self.backend.endpoint_ids.shelf_life_days = 0
        self.env["loyalty.card"].search([]).active = False
        self.cards = self.env["loyalty.card"]
        for _customer in range(2):
            partner = self.env["res.partner"].create(
                {"name": "Customer", "phone": f"+38063{next(PHONES):07d}"}
            )
            self.cards += self.make_card(10, partner)
        self.phones = {p[1:] for p in self.cards.partner_id.mapped("phone")}
        self.sold = []
        self.placed = self.env["sale.order"]
        self.cancelled = self.env["sale.order"]

    def assertInboostAgrees(self):
        later = fields.Datetime.now() + timedelta(days=60)
        with freeze_time(later, tick=True):
            self.deliver()
        partners = self.cards.partner_id
        waiting = self.env["inboost.event"].search(
            [("partner_id", "in", partners.ids), ("state", "in", ("pending", "held"))]
        )
        self.assertFalse(waiting, waiting.mapped("reason"))
        ids = [request["body"]["eventId"] for request in self.fake.requests]
        self.assertEqual(len(ids), len(set(ids)), "no event came twice")
        accruals, redemptions = self.sent(ACCRUAL), self.sent(REDEMPTION)
        codes = [body["code"] for body in accruals + redemptions]
        self.assertEqual(len(codes), len(set(codes)), "no code came twice")
        told = {b["userPhoneNumber"]: b["amount"] for b in self.sent(BALANCE)}
        won = sum(body["amount"] for body in accruals)
        spent = sum(body["amount"] for body in redemptions)
        self.assertAlmostEqual(won - spent, sum(told.values()), 4)
        # Gross, too: a pair that cancels out was told as well.
        moves = self.moves_of(self.cards).filtered(lambda m: m.kind != "adjustment")
        self.assertAlmostEqual(won, sum(moves.mapped("won")), 4)
        self.assertAlmostEqual(spent, sum(moves.mapped("spent")), 4)
        self.assertAlmostEqual(sum(self.cards.mapped("points")), sum(told.values()), 4)

    def sent(self, path):
        """What came about this example's customers."""
        return [
            body
            for body in self.fake.bodies(path)
            if (body.get("userPhoneNumber") or body["UserPhoneNumber"]) in self.phones
        ]

    # -- the register --------------------------------------------------------------

    def do_sell(self, card, amount, net=None, spent=0):
        # A uuid of our own: hypothesis makes Odoo's helper draw the same again.
        order = self.sell(card.partner_id, uuid=str(uuid4()))
        net = amount if net is None else net
        self.sell_with_points(card, net, spent, order)
        self.sold.append((order, card, net))

    def do_sell_net_zero(self, card, amount):
        self.do_sell(card, amount, net=0, spent=amount)

    def do_refund(self, card, amount):
        if self.sold:
            order, card, net = self.sold[-1]
            self.confirm_points(order._refund(), card, -net)

    def do_confirm_points_again(self, card, amount):
        if self.sold:
            self.confirm_points(*self.sold[-1])

    # -- sale orders ---------------------------------------------------------------

    def do_place(self, card, amount):
        if card.points >= 0:
            order = self.make_order(card.partner_id, amount)
            order._update_programs_and_rewards()
            order.action_confirm()
            self.placed += order

    def do_place_with_reward(self, card, amount):
        if card.points >= 5:
            order = self.make_order(card.partner_id, amount)
            self.claim(order, card)
            order.action_confirm()
            self.placed += order

    def do_cancel(self, card, amount):
        order = self.placed[-1:]
        order._action_cancel()
        self.placed -= order
        self.cancelled += order

    def do_place_again(self, card, amount):
        order = self.cancelled[-1:]
        if order and all(card.points >= 0 for card in self.cards):
            order.action_draft()
            order._update_programs_and_rewards()
            order.action_confirm()
            self.cancelled -= order
            self.placed += order

    def do_edit_line(self, card, amount):
        self.placed.order_line.filtered("coupon_id")[-1:].points_cost = amount

    # -- the back office -----------------------------------------------------------

    def do_wizard(self, card, amount):
        if card.points != amount:
            self.env["loyalty.card.update.balance"].create(
                {"card_id": card.id, "new_balance": amount, "description": "x"}
            ).action_update_card_point()

    def do_import(self, card, amount):
        result = self.env["loyalty.card"].load(
            [".id", "points"], [[str(card.id), str(amount + 0.25)]]
        )
        self.assertFalse(result["messages"])

    def do_merge(self, card, amount):
        partners = self.cards.partner_id
        if len(partners) == 2:
            self.env["base.partner.merge.automatic.wizard"].create({})._merge(
                partners.ids, partners[0]
            )
            self.env.invalidate_all()

    def do_expire(self, card, amount):
        with freeze_time(fields.Datetime.now() + timedelta(days=40), tick=True):
            cron = self.env.ref("inboost_connector.ir_cron_bonus_burn")
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.env.invalidate_all()
