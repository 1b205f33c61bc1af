from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..common import InboostCase

ORDERS, BUYERS = 30_000, 300


@tagged("post_install", "-at_install")
class TestUnsent(InboostCase):
    """Customers without InBoost and purchases that were not sent are in one list, each
    with why and what it needs."""

    def setUp(self):
        super().setUp()
        self.days_ago(1)
        self.env["inboost.unsent"].search([]).mapped("reason")

    def days_ago(self, days):
        self.backend.connected_since = fields.Datetime.subtract(
            fields.Datetime.now(), days=days
        )

    def sold(self, **values):
        partner = self.env["res.partner"].create({"name": "Inna", **values})
        return self.sell(partner)

    def forget_address(self, operation):
        self.endpoint(operation).address = False
        # Computed, and kept for the length of a request.
        self.env.invalidate_all()

    def unsent(self, order):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["inboost.unsent"].search(
            [
                ("kind", "=", "purchase"),
                ("res_model", "=", order._name),
                ("res_id", "=", order.id),
            ]
        )

    def customers(self, partners):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["inboost.unsent"].search(
            [("kind", "=", "customer"), ("partner_id", "in", partners.ids)]
        )

    def link(self, partners):
        self.env["inboost.customer"].sudo().create(
            [
                {
                    "backend_id": self.backend.id,
                    "partner_id": partner.id,
                    "inboost_id": f"id-{partner.id}",
                    "phone": partner.phone_sanitized,
                }
                for partner in partners
            ]
        )

    def why(self, order):
        rows = self.unsent(order)
        self.assertTrue(all(row.need for row in rows), rows.mapped("reason"))
        return [(row.reason, row.operation) for row in rows]

    # -- reasons -------------------------------------------------------------------

    def test_what_was_sent_is_not_listed(self):
        order = self.sold(phone="+380631112233")
        self.assertFalse(self.why(order))
        self.deliver()
        self.assertFalse(self.why(order))

    def test_a_register_whose_clock_is_ahead_is_listed_at_once(self):
        self.forget_address("purchase_details")
        order = self.sold(phone="+380631112233")
        order.date_order = fields.Datetime.add(order.date_order, minutes=10)
        self.assertEqual(self.why(order), [("no_address", "purchase_details")])

    def test_a_sale_without_customer_is_not_listed(self):
        self.assertFalse(self.why(self.sell()))

    def test_no_phone_and_invalid_phone_once_a_purchase(self):
        order = self.sold()
        self.assertEqual(self.why(order), [("no_phone", "purchase")])
        wrong = self.sold(phone="067 12", country_id=self.env.ref("base.ua").id)
        self.assertEqual(self.why(wrong), [("invalid_phone", "purchase")])
        self.assertIn("“067 12” is not a valid phone", self.unsent(wrong).need)
        row = self.unsent(order)
        self.assertEqual(
            (row.name, row.partner_id), (order.display_name, order.partner_id)
        )
        self.assertAlmostEqual(row.amount_total, order.amount_total)
        order.partner_id.phone = "+380631112234"
        self.assertFalse(self.why(order))

    def test_not_linked_where_only_linked_customers_are_sent(self):
        self.backend.scope = "linked"
        order = self.sold(phone="+380631112233")
        self.assertEqual(self.why(order), [("not_linked", "purchase_details")])

    def test_opted_out_is_left_out_of_the_webhook_only(self):
        self.env["phone.blacklist"].add("+380631112233")
        order = self.sold(phone="+380631112233")
        self.assertEqual(self.why(order), [("opted_out", "purchase")])
        self.assertEqual(
            self.events_of(order).mapped("operation"), ["purchase_details"]
        )
        self.backend.respect_opt_out = False
        self.assertFalse(self.why(order))

    def test_opted_out_while_it_waited_for_a_phone(self):
        order = self.sold()
        self.env["phone.blacklist"].add("+380631112233")
        order.partner_id.phone = "+380631112233"
        self.assertEqual(self.why(order), [("opted_out", "purchase")])

    def test_before_the_connection(self):
        self.backend.state = "draft"
        order = self.sold(phone="+380631112233")
        old = self.sold(phone="+380631112234")
        old.date_order = fields.Datetime.subtract(fields.Datetime.now(), days=200)
        self.backend.state = "connected"
        self.days_ago(0)
        order.date_order = fields.Datetime.subtract(order.date_order, seconds=5)
        self.assertEqual(self.why(order), [("before", "purchase_details")])
        self.assertFalse(self.why(old), "older than what is looked at")
        order._inboost_capture_history(self.backend)
        self.assertFalse(self.why(order))

    def test_an_endpoint_without_address(self):
        details = self.endpoint("purchase_details")
        self.forget_address("purchase")
        order = self.sold(phone="+380631112233")
        self.assertEqual(self.why(order), [("no_address", "purchase")])
        self.assertIn(self.endpoint("purchase").display_name, self.unsent(order).need)
        self.forget_address("purchase_details")
        another = self.sold(phone="+380631112234")
        self.assertEqual(self.why(another), [("no_address", "purchase_details")])
        details.enabled = False
        self.assertEqual(self.why(another), [("no_address", "purchase")])
        self.endpoint("purchase").enabled = False
        self.assertFalse(self.why(another))

    def test_expired_is_what_is_no_news_any_more(self):
        order = self.sold(phone="+380631112233")
        self.events_of(order)[0]._finish("expired", "too_old", {"days": 3})
        self.assertEqual(self.why(order), [("expired", "purchase")])

    def test_purchases_of_other_shops_are_not_listed(self):
        another = self.config.copy({"name": "Another shop"})
        self.forget_address("purchase")
        order = self.sold(phone="+380631112233")
        self.assertEqual(self.why(order), [("no_address", "purchase")])
        self.backend.pos_config_ids = another
        self.days_ago(1)
        self.assertFalse(self.why(order))
        self.forget_address("purchase_details")
        note = self.credit_note(order)
        self.assertEqual(self.why(note), [("no_address", "purchase_details")])
        self.events_of(order).with_context(inboost_retention=True).sudo().unlink()
        self.assertFalse(self.why(note), "it goes where its order went")

    def credit_note(self, order):
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        note = order.account_move._reverse_moves()
        note.action_post()
        note.inboost_posted_at = order.date_order
        return note

    # -- customers -----------------------------------------------------------------

    def test_who_buys_and_is_not_reached_is_listed_once(self):
        mute = self.sold()
        wrong = self.sold(phone="067 12", country_id=self.env.ref("base.ua").id)
        stranger = self.sold(phone="+380631112233")
        quiet, known = (
            self.sold(phone="+380631112234"),
            self.sold(phone="+380631112235"),
        )
        self.env["phone.blacklist"].add("+380631112234")
        self.link(known.partner_id)
        idle = self.env["res.partner"].create({"name": "Bought nothing"})
        orders = mute | wrong | stranger | quiet | known
        rows = self.customers(orders.partner_id | idle)
        self.assertEqual(
            {(row.partner_id, row.reason, row.time) for row in rows},
            {
                (mute.partner_id, "no_phone", mute.date_order),
                (wrong.partner_id, "invalid_phone", wrong.date_order),
                (stranger.partner_id, "not_linked", stranger.date_order),
                (quiet.partner_id, "opted_out", quiet.date_order),
            },
        )
        self.assertEqual(len(rows), 4)
        self.assertTrue(all(row.need for row in rows))
        self.assertEqual(set(rows.mapped("company_id")), {self.backend.company_id})

    def test_who_has_a_card_and_bought_nothing_is_listed_behind_those_who_did(self):
        buyer = self.sold()
        program = self.env["loyalty.program"].create({"name": "Bonuses"})
        program.program_type = "loyalty"
        self.backend.program_ids = program
        owner = self.env["res.partner"].create({"name": "Owner"})
        self.env["loyalty.card"].create(
            {"program_id": program.id, "partner_id": owner.id}
        )
        rows = self.customers(buyer.partner_id | owner)
        self.assertEqual(rows.mapped("partner_id.id"), [buyer.partner_id.id, owner.id])

    def test_a_customer_and_their_purchase_are_counted_by_reason(self):
        order = self.sold()
        self.env.flush_all()
        groups = self.env["inboost.unsent"]._read_group(
            [("partner_id", "=", order.partner_id.id)], ["reason", "kind"], ["__count"]
        )
        self.assertEqual(
            groups, [("no_phone", "customer", 1), ("no_phone", "purchase", 1)]
        )

    def test_a_customer_opens_the_contact_and_is_asked_for(self):
        order = self.sold(phone="+380631112233")
        row = self.customers(order.partner_id)
        action = row.action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]),
            ("res.partner", order.partner_id.id),
        )
        with patch.object(
            type(self.env["res.partner"]),
            "action_inboost_synchronise",
            lambda partners: partners,
        ):
            self.assertEqual(row.action_find(), order.partner_id)

    def test_each_row_has_an_id_of_its_own(self):
        self.backend.copy()._connect()
        self.backend.scope = "linked"
        for phone in (False, "067 12", "+380631112233"):
            self.sold(phone=phone)
        self.env.flush_all()
        query = self.env["inboost.unsent"]._search([])
        ids = [row[0] for row in self.env.execute_query(query.select())]
        self.assertGreater(len(ids), 9)
        self.assertEqual(len(set(ids)), len(ids))

    # -- the list ------------------------------------------------------------------

    def test_reasons_are_counted_and_in_words(self):
        self.sold()
        self.sold(phone="067 12", country_id=self.env.ref("base.ua").id)
        self.env.flush_all()
        domain = [("partner_id.name", "=", "Inna"), ("kind", "=", "purchase")]
        groups = self.env["inboost.unsent"]._read_group(domain, ["reason"], ["__count"])
        self.assertEqual(dict(groups), {"no_phone": 1, "invalid_phone": 1})
        words = dict(
            self.env["inboost.unsent"]
            ._fields["reason"]
            ._description_selection(self.env)
        )
        self.assertEqual(words["no_phone"], "No phone")

    def test_a_row_opens_what_can_be_put_right(self):
        order = self.sold()
        action = self.unsent(order).action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]),
            ("res.partner", order.partner_id.id),
        )
        self.events_of(order)._finish("expired", "too_old", {"days": 3})
        action = self.unsent(order)[0].action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (order._name, order.id)
        )
        self.forget_address("purchase")
        action = self.unsent(self.sold(phone="+380631112233")).action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]),
            ("inboost.endpoint", self.endpoint("purchase").id),
        )

    def test_user_and_administrator_read_it_and_a_cashier_does_not(self):
        order = self.sold()
        self.events_of(order)[0]._finish("expired", "too_old", {"days": 3})
        self.env.flush_all()
        own = {"company_id": self.env.company.id, "company_ids": [self.env.company.id]}
        for role in ("user", "manager"):
            person = new_test_user(
                self.env,
                f"unsent-{role}",
                f"inboost_connector.group_inboost_{role}",
                **own,
            )
            rows = self.unsent(order).with_user(person)
            rows = rows.search([("id", "in", rows.ids)])
            self.assertEqual(
                sorted(rows.mapped("reason")), ["expired", "no_phone"], role
            )
            rows |= self.customers(order.partner_id).with_user(person)
            found = rows.web_search_read(
                [("id", "in", rows.ids)], {"name": {}, "phone": {}, "need": {}}
            )
            self.assertTrue(all(row["need"] for row in found["records"]))
            # No rights on orders: their contact opens instead.
            for row in rows:
                self.assertEqual(row.action_open()["res_model"], "res.partner")
        cashier = new_test_user(
            self.env,
            "unsent-cashier",
            "base.group_user,point_of_sale.group_pos_user",
            **own,
        )
        with self.assertRaises(AccessError):
            self.env["inboost.unsent"].with_user(cashier).search([])

    def test_another_companys_purchases_are_not_shown(self):
        order = self.sold()
        other = self.env["res.company"].create({"name": "Other"})
        person = new_test_user(
            self.env,
            "unsent-other",
            "inboost_connector.group_inboost_user",
            company_id=other.id,
            company_ids=[other.id],
        )
        self.env.flush_all()
        rows = self.env["inboost.unsent"].with_user(person).search([])
        self.assertNotIn(order.id, rows.mapped("res_id"))

    def test_another_companys_customers_are_not_shown(self):
        order = self.sold()
        other = self.env["res.company"].create({"name": "Other"})
        person = new_test_user(
            self.env,
            "unsent-customers",
            "inboost_connector.group_inboost_user",
            company_id=other.id,
            company_ids=[other.id],
        )
        rows = self.customers(order.partner_id)
        self.assertTrue(rows)
        self.assertFalse(rows.with_user(person).search([("id", "in", rows.ids)]))

    # -- beside many orders --------------------------------------------------------

    def test_beside_many_orders_none_but_those_of_the_last_days_are_read(self):
        buyers = self.fill_orders()
        unsent = self.env["inboost.unsent"]
        self.link(buyers)
        self.assertEqual(self.count_read(), 0, "where all is well")
        self.backend.scope = "linked"
        self.env.cr.execute("UPDATE inboost_customer SET state = 'ignored'")
        # A customer's own are read, for when they bought last.
        self.assertLess(self.count_read([("kind", "=", "purchase")]), ORDERS / 10)
        self.assertTrue(unsent.search_count([("reason", "=", "not_linked")]))

    def test_the_statement_is_not_compiled(self):
        """Which takes seconds beside many orders, also where nothing is listed."""
        self.env.cr.execute("SET LOCAL jit = on; SET LOCAL jit_above_cost = 0")
        self.assertIn("JIT", self.explain(SQL("SELECT count(*) FROM pos_order")))
        query = self.env["inboost.unsent"]._search([])
        self.assertNotIn("JIT", self.explain(query.select()))

    def fill_orders(self):
        """One an hour, each of the next of many customers: of the last 90 days there
        are few.

        :return: the customers
        """
        order = self.sold(phone="+380631112233")
        buyers = self.env["res.partner"].create(
            [{"name": "Buyer", "phone": f"+38063222{n:04}"} for n in range(BUYERS)]
        )
        self.days_ago(1000)
        self.env.flush_all()
        columns = [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    "SELECT column_name FROM information_schema.columns"
                    " WHERE table_name = 'pos_order'"
                    " AND column_name NOT IN"
                    " ('id', 'uuid', 'date_order', 'partner_id')"
                )
            )
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO pos_order (uuid, date_order, partner_id, %(columns)s)"
                " SELECT 'many-' || n, date_order - n * interval '1 hour',"
                " (%(buyers)s)[1 + n %% %(many)s], %(columns)s"
                " FROM pos_order, generate_series(1, %(count)s) n WHERE id = %(id)s",
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                count=ORDERS,
                buyers=buyers.ids,
                many=BUYERS,
                id=order.id,
            )
        )
        # As if all of them had been sent.
        self.backend.respect_opt_out = False
        self.env.cr.execute("ANALYZE pos_order")
        return order.partner_id | buyers

    def count_read(self, domain=()):
        """:return: how many orders PostgreSQL reads for the list"""
        self.env.flush_all()
        query = self.env["inboost.unsent"]._search(list(domain))
        plan = self.explain(query.select())
        return sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
            * node["Actual Loops"]
            for node in self.nodes(plan["Plan"])
            if node.get("Relation Name") == "pos_order"
        )

    def explain(self, statement):
        """:return: dict of PostgreSQL's, after running ``statement``"""
        [[[plan]]] = self.env.execute_query(
            SQL("EXPLAIN (ANALYZE, FORMAT JSON) %s", statement)
        )
        return plan

    def nodes(self, node):
        yield node
        for inner in node.get("Plans", ()):
            yield from self.nodes(inner)
