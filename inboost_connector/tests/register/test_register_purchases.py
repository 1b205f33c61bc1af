from uuid import uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.tests import tagged

from ...lib.facts import check_sums
from ..common_bonus import BonusCase


@tagged("post_install", "-at_install")
class TestRegisterPurchases(BonusCase):
    """What the register stores becomes a purchase or a refund with the sign of the
    money, however it was rung up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.taxed = cls.create_product(
            "Bowl", cls.categ_basic, 30.0, tax_ids=cls.taxes["tax10"].ids
        )

    def ring_up(self, *lines, **values):
        """Sync an order of Olena's; a line is (product, quantity), with discount or a
        dict of more."""
        if not self.config.current_session_id:
            self.open_new_session()
        data = self.create_ui_order_data(
            [line[:2] for line in lines],
            customer=self.customer,
            # Hypothesis makes Odoo's helper draw the same again.
            uuid=str(uuid4()),
            pos_order_ui_args={"state": "paid", **values},
        )
        for line, row in zip(lines, data["lines"], strict=True):
            row[2].update(*line[2:])
        total = sum(row[2]["price_subtotal_incl"] for row in data["lines"])
        base = sum(row[2]["price_subtotal"] for row in data["lines"])
        data.update(amount_total=total, amount_paid=total, amount_tax=total - base)
        data.update(values)
        data["payment_ids"][0][2]["amount"] = data["amount_paid"]
        self.sell(data=data)
        # The answer has the refunded order, too.
        return self.env["pos.order"].search([("uuid", "=", data["uuid"])])

    def fact_of(self, order):
        return self.events_of(order)[-1].fact

    def operations(self, order):
        return self.events_of(order).mapped("operation")

    def reward(self, program, points, price, quantity=1):
        """A line as the register sends it for a reward of ``program``."""
        return (
            self.tea,
            quantity,
            {
                "is_reward_line": True,
                "reward_id": program.reward_ids[:1].id,
                "reward_identifier_code": "R1",
                "points_cost": points,
                "price_unit": price,
                "price_subtotal": price * quantity,
                "price_subtotal_incl": price * quantity,
            },
        )

    # -- refunds -------------------------------------------------------------------

    def test_negative_quantity_without_an_original_is_a_refund(self):
        order = self.ring_up((self.tea, -2))
        self.assertFalse(order.is_refund, "Odoo does not say so")
        self.assertEqual(self.operations(order), ["purchase_details"])
        fact = self.fact_of(order)
        self.assertTrue(fact["is_refund"])
        self.assertEqual((fact["total"], fact["refund_of"]), (-20, None))
        self.assertEqual([line["total"] for line in fact["lines"]], [-20])

    def test_lines_of_a_refund_that_are_stored_positive_are_negative(self):
        sold = self.ring_up((self.taxed, 3))
        stored = {
            "price_subtotal": 27.27,
            "price_subtotal_incl": 30,
            "refunded_orderline_id": sold.lines.id,
        }
        order = self.ring_up(
            (self.taxed, -1, stored),
            amount_total=-30,
            amount_tax=-2.73,
            amount_paid=-30,
            is_refund=True,
        )
        self.assertEqual(order.lines.price_subtotal_incl, 30)
        fact = self.fact_of(order)
        [line] = fact["lines"]
        self.assertEqual((line["total"], line["tax"]), (-30, -2.73))
        self.assertEqual((fact["total"], fact["tax"]), (-30, -2.73))
        self.assertEqual(fact["refund_of"]["uuid"], sold.uuid)
        self.assertNotIn("purchase", self.operations(order))

    def test_exchange_that_was_paid_for_is_a_purchase(self):
        order = self.ring_up((self.tea, -1), (self.cup, 1))
        self.assertEqual(self.operations(order), ["purchase", "purchase_details"])
        fact = self.fact_of(order)
        self.assertFalse(fact["is_refund"])
        self.assertEqual(fact["lines"][0]["total"], -10)
        self.assertFalse(check_sums(fact))

    def test_exchange_that_money_was_paid_back_for_is_a_refund(self):
        order = self.ring_up((self.tea, 1), (self.cup, -1))
        self.assertEqual(self.operations(order), ["purchase_details"])
        self.assertTrue(self.fact_of(order)["is_refund"])

    def test_refund_of_the_back_office_has_names_without_skus(self):
        order = self.ring_up((self.tea, 2), (self.cup, 1))
        refund = order._refund()
        self.env["pos.make.payment"].with_context(active_id=refund.id).create(
            {"amount": refund.amount_total, "payment_method_id": self.cash_pm1.id}
        ).check()
        fact = self.fact_of(refund)
        self.assertEqual([line["name"] for line in fact["lines"]], ["Tea", "Cup"])
        self.assertEqual(
            [line["product_id"] for line in fact["lines"]], (self.tea + self.cup).ids
        )
        self.assertAlmostEqual(fact["total"], -order.amount_total)
        self.assertFalse(check_sums(fact))

    # -- bonuses, promotions, cards ------------------------------------------------

    def test_bonuses_spent_are_those_of_the_backends_programs(self):
        promotion = self.make_program("Sale", program_type="promotion")
        order = self.ring_up((self.tea, 2), self.reward(promotion, 1, -2))
        fact = self.fact_of(order)
        self.assertEqual((fact["bonuses_spent"], fact["promotions"]), (0, 2))
        order = self.ring_up(
            (self.tea, 2),
            self.reward(self.program, 5, -1),
            self.reward(promotion, 1, -2),
        )
        fact = self.fact_of(order)
        self.assertEqual((fact["bonuses_spent"], fact["promotions"]), (5, 2))
        self.assertEqual((fact["total"], fact["discount"]), (17, 0))

    def test_gift_cards_and_ewallets_are_money_of_their_own(self):
        # A register that opens wants more of a gift card program than this test does.
        self.open_new_session()
        for kind, name in (("gift_card", "gift_cards"), ("ewallet", "ewallets")):
            program = self.make_program(kind, program_type=kind, applies_on="future")
            program.reward_ids.write(
                {"discount_mode": "per_point", "required_points": 1}
            )
            order = self.ring_up((self.tea, 2), self.reward(program, 10, -10))
            fact = self.fact_of(order)
            self.assertEqual(fact["bonuses_spent"], 0)
            self.assertEqual((fact[name], fact["total"]), (10, 10))

    def test_bonuses_of_a_refunded_reward_are_negative(self):
        order = self.ring_up((self.tea, -2), self.reward(self.program, 5, -1, -1))
        fact = self.fact_of(order)
        self.assertEqual((fact["bonuses_spent"], fact["total"]), (-5, -19))

    # -- amounts -------------------------------------------------------------------

    def test_cash_rounding_is_apart(self):
        self.tea.list_price = 123.47
        order = self.ring_up((self.tea, 1))
        order.payment_ids.amount = 123.50
        order.amount_paid = 123.50
        [fact] = order._inboost_prepare_facts(self.backend).values()
        self.assertEqual((fact["total"], fact["rounding"]), (123.47, 0.03))
        self.assertFalse(check_sums(fact))

    def test_time_can_be_understood_alone(self):
        # Half an hour into 1 February in Kyiv.
        order = self.ring_up((self.tea, 1), date_order="2026-01-31 22:30:00")
        fact = self.fact_of(order)
        self.assertEqual(fact["time"], "2026-01-31T22:30:00Z")
        self.backend.time_zone = "Europe/Kyiv"
        for operation in ("purchase", "purchase_details"):
            endpoint = self.endpoint(operation)
            sent = endpoint._request(fact, phone="+380671234567", event_id="1").body
            self.assertEqual(sent["date"], "2026-02-01T00:30:00+02:00")
        endpoint.body = "{day: date(time, 'dd.MM.yyyy')}"
        self.assertEqual(endpoint._request(fact).body, {"day": "01.02.2026"})

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["tea", "cup", "taxed", "combo"]),
                st.sampled_from([-3, -1, 0.25, 1, 2, 7]),
                st.sampled_from([0, 0, 10, 33.33, 100]),
            ),
            min_size=1,
            max_size=6,
        ),
        st.booleans(),
        st.sampled_from(["round_per_line", "round_globally"]),
        st.sampled_from([0.0, 0.03, -0.02]),
    )
    def test_lines_add_up_to_the_total(self, lines, rewarded, taxes, rounding):
        self.env.company.tax_calculation_rounding_method = taxes
        products = {
            "tea": self.tea,
            # Taxes on top, and within.
            "cup": self.cup,
            "taxed": self.taxed,
            # Costs nothing itself; what is in it does.
            "combo": self.tea,
        }
        session = self.config.current_session_id or self.open_new_session()
        session = session or self.config.current_session_id
        order = self.env["pos.order"].create(
            {
                "session_id": session.id,
                "partner_id": self.customer.id,
                "amount_tax": 0,
                "amount_total": 0,
                "amount_paid": 0,
                "amount_return": 0,
                "lines": [
                    Command.create(
                        {
                            "product_id": products[name].id,
                            "qty": quantity,
                            "price_unit": 0 if name == "combo" else 9.99,
                            "discount": discount,
                            "tax_ids": products[name].taxes_id.ids,
                            "price_subtotal": 0,
                            "price_subtotal_incl": 0,
                        }
                    )
                    for name, quantity, discount in lines
                ],
            }
        )
        for line in order.lines.filtered(lambda line: not line.price_unit):
            inside = {"combo_parent_id": line.id, "price_unit": 7.77}
            for product in self.cup + self.taxed:
                line.copy(
                    {
                        **inside,
                        "product_id": product.id,
                        "tax_ids": product.taxes_id.ids,
                    }
                )
        if rewarded:
            values = self.reward(self.program, 5, -1)[2]
            order.lines[:1].copy({**values, "qty": 1, "discount": 0, "tax_ids": False})
        for line in order.lines:
            line._onchange_amount_line_all()
        order._compute_prices()
        order.amount_paid = order.amount_total + rounding
        [fact] = order._inboost_prepare_facts(self.backend).values()
        self.assertFalse(check_sums(fact))
        self.assertAlmostEqual(fact["total"], order.amount_total)
        self.assertAlmostEqual(fact["tax"], order.amount_tax)
        self.assertAlmostEqual(fact["rounding"], rounding)

    # -- reading -------------------------------------------------------------------

    def test_an_order_is_read_by_one_statement(self):
        order = self.ring_up((self.tea, 2), (self.cup, 1), (self.taxed, 1))
        self.env.flush_all()
        self.env.invalidate_all()
        programs = self.backend.program_ids.ids
        with self.assertQueryCount(1):
            facts = order._inboost_read_rows()
        self.assertEqual(len(facts[order.id].lines), 3)
        self.assertTrue(programs)

    # -- customers -----------------------------------------------------------------

    def test_customer_set_later_captures_what_nothing_was_recorded_of(self):
        order = self.sell()
        self.assertFalse(self.events_of(order))
        order.partner_id = self.customer
        self.assertEqual(self.operations(order), ["purchase", "purchase_details"])
        order.partner_id = self.other_customer
        self.assertEqual(len(self.events_of(order)), 2)

    def test_customer_set_on_a_sale_before_the_connection_is_history(self):
        self.backend.state = "draft"
        order = self.sell()
        self.backend.write(
            {
                "state": "connected",
                "connected_since": fields.Datetime.add(order.date_order, seconds=1),
            }
        )
        order.partner_id = self.customer
        self.assertFalse(self.events_of(order))
