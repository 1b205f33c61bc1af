from collections import defaultdict
from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib.capture import Capture
from ...lib.codes import bonus_code
from ...lib.facts import Bonus, iso
from ...lib.points import rounded
from ...lib.priority import LIVE

#: Rows one reconciliation takes at most; the next one takes the rest.
RECONCILE_BATCH = 500


class InboostBonusMove(models.Model):
    """What InBoost is told of a row: what was won, what was spent, the balance."""

    _inherit = "inboost.bonus.move"

    def _capture_gross(self):
        """An accrual and a redemption, each by its own amount."""
        backends = self.env["inboost.backend"]._counting(self.program_id)
        entries = defaultdict(list)
        for move in self:
            for operation, amount in (
                ("bonus_accrual", move.won),
                ("bonus_redemption", move.spent),
            ):
                if not amount:
                    continue
                fact = move._bonus_fact(operation, amount)
                for backend in backends[move.program_id]:
                    entries[backend].append(
                        Capture(*fact, move.partner_id, move._document())
                    )
        for backend, some in entries.items():
            self.env["inboost.event"]._capture_all(
                backend,
                some,
                again=self.env._("The same points were confirmed again"),
            )

    @api.model
    def _tell_untold(self):
        """Tell of rows whose telling failed."""
        untold = self.search([("untold", "=", True)], order="id", limit=RECONCILE_BATCH)
        for move in untold:
            with self.env["inboost.event"]._guard(move.display_name):
                move._capture_gross()
                move._capture_balances()
                move._set_untold(False)

    def _set_untold(self, untold):
        """The one thing about a row that changes, past the ban on writing."""
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                "UPDATE inboost_bonus_move SET untold = %s WHERE id = ANY(%s)",
                untold,
                self.ids,
            )
        )
        self.invalidate_recordset(["untold"])

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
        told = defaultdict(self.env["res.partner"].browse)
        for partner, program in owners:
            for backend in backends[program]:
                told[backend] |= partner
        for backend in sorted(told, key=lambda backend: backend.id):
            backend._capture_balances(told[backend].sorted("id"))


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

    @api.model
    def _cron_reconcile(self):
        result = super()._cron_reconcile()
        self.env["inboost.bonus.move"].sudo()._tell_untold()
        return result

    def _capture_balances(self, partners, priority=LIVE, phone=None):
        """The balances of ``partners`` changed, or are to be told again.

        :param str phone: one that they had before, to be told what is left there
        """
        self.ensure_one()
        now = fields.Datetime.now()
        amounts = self._balances_of([phone, *partners.mapped("phone_sanitized")])
        return self.env["inboost.event"]._capture_all(
            self,
            [
                Capture(
                    operation="balance_set",
                    key=f"balance:{uuid4()}",
                    fact={
                        "amount": amounts[phone or partner.phone_sanitized],
                        "time": iso(now),
                    },
                    occurred_at=now,
                    partner=partner,
                    record=None,
                    phone=phone,
                )
                for partner in partners
            ],
            priority=priority,
        )

    def _balance_of(self, phone):
        """See :meth:`_balances_of`."""
        return self._balances_of([phone])[phone] if phone else 0.0

    def _balances_of(self, phones):
        """The points on all bonus cards of the customers with these phones. Contacts
        who share a phone are one customer to InBoost.

        :return: {phone: points}, of every one of ``phones``
        """
        self.ensure_one()
        # Straight from the database: as of now, whatever a cache says.
        self.env["loyalty.card"].flush_model(["points", "active", "partner_id"])
        self.env["res.partner"].flush_model(["phone_sanitized"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.phone_sanitized, SUM(c.points)
                  FROM loyalty_card c
                  JOIN res_partner p ON p.id = c.partner_id
                 WHERE p.phone_sanitized = ANY(%(phones)s)
                   AND c.active
                   AND c.program_id = ANY(%(programs)s)
              GROUP BY p.phone_sanitized
                """,
                phones=[phone for phone in phones if phone],
                programs=self.program_ids.ids,
            )
        )
        found = {phone: rounded(amount) for phone, amount in rows}
        return {phone: found.get(phone, 0.0) for phone in phones}
