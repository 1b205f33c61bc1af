"""Two processes that claim at the same moment see nothing of each other's leases."""

from unittest.mock import patch

from odoo.tests import tagged

from ..common_bonus import BALANCE
from .test_delivery_cases import DeliveryCase


@tagged("post_install", "-at_install")
class TestCrossing(DeliveryCase):
    def deliver_while(self, operation, statement, *values):
        """Somebody else does this between a claim of that and its commit."""
        Claim = type(self.part("claim"))
        claim, waiting = Claim._claim, [statement]

        def crossing(model, *arguments):
            tasks = claim(model, *arguments)
            claimed = {task.target.operation for task in tasks}
            if operation in claimed and waiting:
                model.env.cr.execute(waiting.pop(), values)
            return tasks

        with patch.object(Claim, "_claim", crossing):
            self.deliver()
        self.assertFalse(waiting, "it was not claimed")
        self.env.invalidate_all()

    def test_who_sees_another_of_the_customer_on_its_way_gives_its_own_back(self):
        first, second = self.capture(), self.capture()
        other = self.capture(partner=self.other_customer)
        self.deliver_while(
            "purchase",
            "UPDATE inboost_event SET state = 'sending', lease = 'of another process',"
            " lease_until = now() AT TIME ZONE 'UTC' + interval '1 minute'"
            " WHERE id = %s",
            second.id,
        )
        self.assertEqual(len(self.fake.requests), 1, "only the other customer's")
        self.assertEqual((first.state, first.attempts), ("pending", 0))
        self.assertEqual((second.state, other.state), ("sending", "done"))
        second._finish("done")
        self.due_now(first)
        self.deliver()
        self.assertEqual((first.state, first.attempts), ("done", 1))

    def test_a_balance_is_read_once_its_lease_is_committed(self):
        """Another process may have sent a newer one before that."""
        card = self.make_card(5)
        change = "UPDATE loyalty_card SET points = 8 WHERE id = %s"
        self.deliver_while("balance_set", change, card.id)
        [body] = self.fake.bodies(BALANCE)
        self.assertEqual(body["amount"], 8)
