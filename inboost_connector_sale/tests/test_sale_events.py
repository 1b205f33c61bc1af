"""The events of a sale order: on its form, and by its sales team."""

from lxml import etree

from odoo.tests import new_test_user, tagged

from .common import SaleCase


@tagged("post_install", "-at_install")
class TestSaleEvents(SaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team = cls.env["crm.team"].create({"name": "Web shop"})
        own = {"company_id": cls.env.company.id, "company_ids": cls.env.company.ids}
        salesperson = "base.group_user,sales_team.group_sale_salesman_all_leads"
        cls.salesperson = new_test_user(cls.env, "page-sales", salesperson, **own)
        groups = f"{salesperson},inboost_connector.group_inboost_user"
        cls.both = new_test_user(cls.env, "page-both", groups, **own)
        group = "inboost_connector.group_inboost_user"
        cls.user = new_test_user(cls.env, "sale-events", group, **own)

    def setUp(self):
        super().setUp()
        self.order = self.make_order()
        self.order.team_id = self.team
        self.order.action_confirm()
        # Each request reads anew.
        self.env.invalidate_all()

    def page_of(self, user):
        view = self.env["sale.order"].with_user(user).get_view(view_type="form")
        return etree.fromstring(view["arch"]).find(".//page[@name='inboost_events']")

    def test_an_inboost_user_sees_the_events_of_the_order(self):
        self.assertIsNotNone(self.page_of(self.both))
        order = self.order.with_user(self.both)
        self.assertEqual(order.inboost_event_ids, self.events_of(self.order)[::-1])
        self.assertTrue(order.inboost_event_ids)

    def test_a_salesperson_has_no_page_and_costs_nothing_more(self):
        self.assertIsNone(self.page_of(self.salesperson))
        arch = self.order.with_user(self.salesperson).get_view(view_type="form")["arch"]
        self.assertNotIn("inboost", arch)

    def test_events_and_the_log_are_filtered_and_grouped_by_team(self):
        self.deliver()
        for name in ("inboost.event", "inboost.request.log"):
            records = self.env[name].with_user(self.user)
            found = records.search([("team_id", "=", self.team.id)])
            self.assertEqual(len(found), len(self.events_of(self.order)), name)
            [group] = records.formatted_read_group(
                [("id", "in", found.ids)], ["team_id"], ["__count"]
            )
            self.assertEqual(group["team_id"], (self.team.id, "Web shop"))
        names = self.env["crm.team"].with_user(self.user).name_search("Web shop")
        self.assertEqual([id_ for id_, _name in names], self.team.ids)

    def test_a_credit_note_is_of_the_team_and_warehouse_that_sold(self):
        invoice = self.invoice_and_pay(self.order)
        note = invoice._reverse_moves()
        note.action_post()
        [sold] = {(e.team_id, e.warehouse_id) for e in self.events_of(self.order)}
        [returned] = {(e.team_id, e.warehouse_id) for e in self.events_of(note)}
        self.assertEqual(sold[0], self.team)
        self.assertEqual(returned, sold)
        self.assertFalse(self.events_of(self.order).pos_config_id)
