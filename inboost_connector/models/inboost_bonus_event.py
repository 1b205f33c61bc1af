from collections import defaultdict
from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from ..lib.codes import bonus_code
from ..lib.facts import Bonus, iso
from .inboost_bonus_move import rounded
from .inboost_event import LIVE


class InboostBonusMove(models.Model):
    """What InBoost is told of a row: what was won, what was spent, the balance."""

    _inherit = "inboost.bonus.move"

    def _capture_gross(self):
        """An accrual and a redemption, each by its own amount."""
        backends = self.env["inboost.backend"]._counting(self.program_id)
        for move in self:
            facts = [
                move._bonus_fact(operation, amount)
                for operation, amount in (
                    ("bonus_accrual", move.won),
                    ("bonus_redemption", move.spent),
                )
                if amount
            ]
            for backend in backends[move.program_id]:
                self.env["inboost.event"]._capture(
                    backend,
                    facts,
                    move.partner_id,
                    record=move._document(),
                    again=self.env._("The same points were confirmed again"),
                )

    def _bonus_fact(self, operation, amount):
        """:return: (operation, key, lib.facts.Bonus, time)"""
        self.ensure_one()
        key = self._bonus_key()
        fact = Bonus(
            code=bonus_code(operation, key),
            kind="accrual" if operation == "bonus_accrual" else "redemption",
            reason=self._bonus_reason(),
            amount=amount,
            balance=self.balance_after,
            program=self.program_id.name,
            card=self.card_code,
            order=(
                {"number": self.order_name, "uuid": self.order_uuid}
                if self.order_uuid
                else None
            ),
            time=iso(self.time),
        )
        return operation, key, fact, self.time

    def _bonus_reason(self):
        if self.kind in ("reversal", "expiry"):
            return self.kind
        return "order" if self.order_uuid else "other"

    def _bonus_key(self):
        """The register may confirm an order's points again, so its uuid and the card
        make the key there. Elsewhere each change is one of its own."""
        if self.order_model == "pos.order":
            return f"pos:{self.order_uuid}:{self.card_code}"
        return f"move:{self.uuid}"

    def _document(self):
        if self.order_model and self.order_id:
            return self.env[self.order_model].browse(self.order_id)
        return self

    def _capture_balances(self, owners=()):
        """One event for each customer and backend; the amount is read when it goes.

        :param owners: more (partner, program) than those of these rows
        """
        owners = {*owners, *((move.partner_id, move.program_id) for move in self)}
        programs = self.env["loyalty.program"].union(*(p for _c, p in owners))
        backends = self.env["inboost.backend"]._counting(programs)
        told = {
            (backend, partner)
            for partner, program in owners
            if partner
            for backend in backends[program]
        }
        for backend, partner in sorted(told, key=lambda pair: (pair[0].id, pair[1].id)):
            backend._capture_balance(partner)


class InboostBackend(models.Model):
    _inherit = "inboost.backend"

    program_ids = fields.Many2many(
        "loyalty.program",
        string="Bonus Programs",
        default=lambda self: self._default_programs(),
        domain="["
        "'|', ('applies_on', '=', 'both'),"
        " '&', ('program_type', 'in', ('ewallet', 'loyalty')),"
        " ('applies_on', '=', 'future'),"
        " ('company_id', 'in', (False, company_id))]",
        help="The loyalty programs whose points are the customer's bonuses. The "
        "balance is the sum over the customer's cards in them.",
    )

    @api.model
    def _default_programs(self):
        return self.env["loyalty.program"].search(
            [
                ("program_type", "=", "loyalty"),
                ("applies_on", "in", ("both", "future")),
                ("company_id", "in", (False, self.env.company.id)),
            ]
        )

    @api.model
    def _counting(self, programs):
        """The backends to which points of ``programs`` are bonuses.

        :return: {program: backends}
        """
        found = defaultdict(self.browse)
        for backend in self.sudo().search([("state", "!=", "draft")]):
            for program in backend.program_ids & programs:
                found[program] |= backend
        return found

    def _capture_balance(self, partner, phone=None, priority=LIVE):
        """The customer's balance changed, or is to be told again.

        :param str phone: where it is not the customer's present one
        """
        self.ensure_one()
        now = fields.Datetime.now()
        phone = phone or partner.phone_sanitized
        fact = {"amount": self._balance_of(phone), "time": iso(now)}
        event = self.env["inboost.event"]._capture(
            self,
            [("balance_set", f"balance:{uuid4()}", fact, now)],
            partner,
            priority=priority,
        )
        if event and phone and phone != event.phone:
            event.write({"phone": phone, **event._ready()})
        return event

    def _balance_of(self, phone):
        """The points on all bonus cards of the customer with this phone. Contacts who
        share a phone are one customer to InBoost."""
        self.ensure_one()
        if not phone:
            return 0.0
        # Straight from the database: as of now, whatever a cache says.
        self.env["loyalty.card"].flush_model(["points", "active", "partner_id"])
        self.env["res.partner"].flush_model(["phone_sanitized"])
        [(amount,)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(c.points), 0)
                  FROM loyalty_card c
                  JOIN res_partner p ON p.id = c.partner_id
                 WHERE p.phone_sanitized = %(phone)s
                   AND c.active
                   AND c.program_id = ANY(%(programs)s)
                """,
                phone=phone,
                programs=self.program_ids.ids,
            )
        )
        return rounded(amount)
