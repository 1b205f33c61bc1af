"""In which shop an event happened."""

from odoo.tests import new_test_user, tagged

from ..common_bonus import BonusCase


@tagged("post_install", "-at_install")
class TestEventShop(BonusCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.config.copy({"name": "Another shop"})
        cls.user = new_test_user(
            cls.env,
            "event-shop",
            "inboost_connector.group_inboost_user",
            company_id=cls.env.company.id,
            company_ids=cls.env.company.ids,
        )

    def shops_of(self, events):
        return [(event.pos_config_id, event.warehouse_id) for event in events]

    def here(self, config):
        return config, config.picking_type_id.warehouse_id

    def test_a_purchase_and_its_points_are_of_the_register(self):
        card = self.make_card(0)
        order = self.sell_with_points(card, 5)
        events = self.events_of(order)
        self.assertLessEqual(
            {"purchase", "purchase_details", "bonus_accrual"},
            set(events.mapped("operation")),
        )
        self.assertEqual(set(self.shops_of(events)), {self.here(self.config)})

    def test_what_is_of_no_order_is_of_no_shop(self):
        self.make_card(7)
        balance = self.env["inboost.event"].search(
            [("operation", "=", "balance_set")], limit=1
        )
        self.assertTrue(balance)
        self.assertEqual(
            self.shops_of(balance), [(self.config.browse(), balance.warehouse_id)]
        )
        self.assertFalse(balance.warehouse_id)

    def test_a_credit_note_is_of_the_shop_that_sold(self):
        """As a backend that is about some shops has it."""
        order = self.sell(self.customer)
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        note = order.account_move._reverse_moves()
        note.action_post()
        events = self.events_of(note)
        self.assertTrue(events)
        self.assertEqual(set(self.shops_of(events)), {self.here(self.config)})

    def test_an_inboost_user_filters_and_groups_events_and_the_log(self):
        mine = self.sell(self.customer)
        self.deliver()
        events = self.env["inboost.event"].with_user(self.user)
        logs = self.env["inboost.request.log"].with_user(self.user)
        for records in (events, logs):
            domain = [("pos_config_id", "=", self.config.id)]
            found = records.search(domain)
            self.assertTrue(found, records._name)
            self.assertFalse(
                records.search([("pos_config_id", "=", self.other.id)]), records._name
            )
            documents = found if records is events else found.event_id
            self.assertEqual(set(documents.mapped("res_id")), {mine.id})
            for name in ("pos_config_id", "warehouse_id"):
                groups = records.formatted_read_group(domain, [name], ["__count"])
                [(shop_id, title)] = [group[name] for group in groups]
                shop = self.here(self.config)[name == "warehouse_id"]
                self.assertEqual((shop_id, title), (shop.id, shop.display_name))
        # As the search field offers them.
        names = self.env["pos.config"].with_user(self.user).name_search("Another shop")
        self.assertEqual([id_ for id_, _name in names], self.other.ids)

    def test_events_of_before_are_filled_in_once(self):
        events = self.events_of(self.sell(self.customer))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE inboost_event SET pos_config_id = NULL, warehouse_id = NULL"
        )
        filled = self.env["inboost.event"]._fill_shops()
        self.assertGreaterEqual(filled, len(events))
        self.assertEqual(set(self.shops_of(events)), {self.here(self.config)})
        self.assertEqual(self.env["inboost.event"]._fill_shops(), 0)

    def test_a_shop_that_is_deleted_is_forgotten(self):
        events = self.events_of(self.sell(self.customer))
        events.sudo().pos_config_id = self.other
        self.env.flush_all()
        self.other.unlink()
        self.env.invalidate_all()
        self.assertFalse(events.pos_config_id)
        self.assertTrue(events.warehouse_id)
