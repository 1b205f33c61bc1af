from odoo import Command

from .common import InboostCase

ACCRUAL = "/api/webhok/bonus-accrual-token/"
REDEMPTION = "/api/webhok/bonus-redemption-token/"
BALANCE = "/api/Bonuses/SetBalance"


class BonusCase(InboostCase):
    """A loyalty program that counts as bonuses: a point for each unit of money, five
    points for a discount of one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([]).write({"active": False})
        cls.program = cls.make_program("Bonuses")
        cls.backend.program_ids = cls.program
        for operation in ("bonus_accrual", "bonus_redemption", "bonuses_expiring"):
            token = operation.replace("_", "-")
            cls.endpoint(
                operation
            ).address = f"{cls.fake.url}/api/webhok/{token}-token/"
        cls.Move = cls.env["inboost.bonus.move"]

    @classmethod
    def make_program(cls, name, **values):
        return cls.env["loyalty.program"].create(
            {
                "name": name,
                "program_type": "loyalty",
                "applies_on": "both",
                "trigger": "auto",
                "rule_ids": [
                    Command.create(
                        {"reward_point_mode": "money", "reward_point_amount": 1}
                    )
                ],
                "reward_ids": [
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount": 1,
                            "discount_mode": "per_order",
                            "required_points": 5,
                        }
                    )
                ],
                **values,
            }
        )

    def make_card(self, points=0.0, partner=None, program=None):
        return self.env["loyalty.card"].create(
            {
                "program_id": (program or self.program).id,
                "partner_id": (partner or self.customer).id,
                "points": points,
            }
        )

    def moves_of(self, cards):
        return self.Move.search([("card_id", "in", cards.ids)], order="id")

    def events(self, operation):
        return self.env["inboost.event"].search(
            [("operation", "=", operation)], order="id"
        )

    def amounts(self, operation):
        return [event.fact["amount"] for event in self.events(operation)]

    def assertLedger(self, cards):
        """The ledger of each card adds up to its points."""
        for card in cards:
            total = sum(self.moves_of(card).mapped("change"))
            self.assertAlmostEqual(total, card.points, 4, card.code)

    # -- the register --------------------------------------------------------------

    def reward_line(self, card, points, code="R1"):
        """A line as the register sends it for a claimed reward."""
        reward = self.program.reward_ids
        return {
            "is_reward_line": True,
            "reward_id": reward.id,
            "coupon_id": card.id,
            "reward_identifier_code": code,
            "points_cost": points,
        }

    def sell_with_points(self, card, net, spent=0.0, order=None):
        """Sync an order, then confirm its points: two requests, as the register does.

        :return: the order
        """
        order = order or self.sell(card.partner_id)
        if spent and not order.lines.filtered("is_reward_line"):
            order.lines[:1].copy(
                {"order_id": order.id, "qty": 0, **self.reward_line(card, spent)}
            )
        self.confirm_points(order, card, net)
        return order

    def confirm_points(self, order, card, net):
        return order.confirm_coupon_programs(
            {
                str(card.id): {
                    "points": net,
                    "program_id": card.program_id.id,
                    "coupon_id": card.id,
                    "barcode": False,
                    "line_codes": ["R1"],
                }
            }
        )
