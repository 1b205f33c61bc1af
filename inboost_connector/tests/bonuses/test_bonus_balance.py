from odoo.tests import tagged

from ..common_bonus import BALANCE, BonusCase


@tagged("post_install", "-at_install")
class TestBonusBalance(BonusCase):
    def sent(self):
        return [body["amount"] for body in self.fake.bodies(BALANCE)]

    def states(self):
        return self.events("balance_set").mapped("state")

    def test_newest_wins(self):
        card = self.make_card(10)
        card.points = 20
        card.points = 30
        self.deliver()
        self.assertEqual(self.sent(), [30])
        self.assertEqual(self.states(), ["superseded", "superseded", "done"])

    def test_read_at_sending_time_over_all_cards(self):
        self.make_card(10)
        second = self.make_program("Second")
        self.backend.program_ids |= second
        self.make_card(4, program=second)
        other = self.make_program("Not a bonus")
        self.make_card(100, program=other)
        # A change that passed us by, after the event was written.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE loyalty_card SET points = 7 WHERE program_id = %s", [second.id]
        )
        self.deliver()
        self.assertEqual(self.sent(), [17])

    def test_contacts_who_share_a_phone_are_one_customer(self):
        self.other_customer.phone = self.customer.phone_sanitized
        self.make_card(10)
        self.make_card(5, self.other_customer)
        self.deliver()
        self.assertEqual(self.sent(), [15])

    def test_retry_carries_the_newest_amount(self):
        card = self.make_card(10)
        self.fake.script[BALANCE] = [503, 200]
        self.deliver()
        [event] = self.events("balance_set")
        self.assertEqual((event.state, event.attempts), ("pending", 1))
        card.points = 25
        event.sudo().next_try = event.create_date
        self.endpoint("balance_set").sudo().rest_until = False
        self.deliver()
        self.deliver()
        self.assertEqual(self.sent(), [10, 25], "the older one did not leave again")
        self.assertEqual(self.states(), ["superseded", "done"])

    def test_parked_until_there_is_a_phone_then_one(self):
        card = self.make_card(10, self.other_customer)
        card.points = 11
        self.deliver()
        self.assertEqual(self.states(), ["superseded", "parked"])
        self.other_customer.phone = "+380501112233"
        self.deliver()
        self.assertEqual(self.sent(), [11])

    def test_held_one_is_read_again_when_sent_again(self):
        self.endpoint("balance_set").guarantee = "at_most_once"
        card = self.make_card(10)
        self.fake.script[BALANCE] = ["close", 200]
        self.deliver()
        self.assertEqual(self.states(), ["held"])
        self.env.cr.execute("UPDATE loyalty_card SET points = 12 WHERE id=%s", card.ids)
        self.events("balance_set").action_send_again()
        self.deliver()
        self.assertEqual(self.sent(), [10, 12])
