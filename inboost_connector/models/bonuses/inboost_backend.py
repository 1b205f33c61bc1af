from collections import defaultdict
from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import keys
from ...lib.capture import Capture
from ...lib.facts import iso
from ...lib.points import rounded
from ...lib.priority import LIVE


class InboostBackend(models.Model):
    """Which programs are bonuses, and what a customer's balance is."""

    _inherit = "inboost.backend"

    program_ids = fields.Many2many(
        "loyalty.program",
        string="Bonus Programs",
        default=lambda self: self.env["loyalty.program"].search(
            [
                ("program_type", "=", "loyalty"),
                ("applies_on", "in", ("both", "future")),
                ("company_id", "in", (False, self.env.company.id)),
            ]
        ),
        # Or an administrator could have the points of another company sent out.
        check_company=True,
        domain="["
        "'|', ('applies_on', '=', 'both'),"
        " '&', ('program_type', 'in', ('ewallet', 'loyalty')),"
        " ('applies_on', '=', 'future'),"
        " ('company_id', 'in', (False, company_id))]",
        help="The loyalty programs whose points are the customer's bonuses. The "
        "balance is the sum over the customer's cards in them.",
    )
    expiring_days = fields.Integer(
        "Notify So Many Days Before",
        default=7,
        required=True,
        help="Once a day, one request carries the phones of all customers whose "
        "points expire within so many days. Nobody is notified of the same points "
        "twice.",
    )
    notice_hour = fields.Float(
        "Notify At",
        default=11.0,
        required=True,
        help="The time of day, in the company's time zone, at which customers are "
        "notified of points about to expire.",
    )

    _expiring_days = models.Constraint(
        "CHECK(expiring_days BETWEEN 0 AND 110)",
        "Choose from 0 to 110 days: notices are remembered for 120.",
    )
    _notice_hour = models.Constraint(
        "CHECK(notice_hour >= 0 AND notice_hour < 24)",
        "Choose a time from 00:00 to 23:59.",
    )

    # -- CRUD ----------------------------------------------------------------------

    def write(self, vals):
        if "program_ids" not in vals:
            return super().write(vals)
        before = {backend: backend.program_ids for backend in self}
        result = super().write(vals)
        for backend, programs in before.items():
            changed = (programs | backend.program_ids) - (
                programs & backend.program_ids
            )
            if changed and backend.state != "draft":
                self.env["inboost.bonus.resend"]._queue(backend, changed)
        return result

    # -- actions -------------------------------------------------------------------

    def action_preview_notice(self):
        """Whom the next notice would name."""
        self.ensure_one()
        self.check_access("read")
        notice, backend = self.env["inboost.bonus.notice"].sudo(), self.sudo()
        today = backend.company_id._inboost_today()
        return self.env["inboost.expiring.preview"]._show(
            self.env._("Points About to Expire"),
            notice._due_sql(backend),
            nothing=self.env._("None within %s days", self.expiring_days),
            later=notice._due_sql(backend, first=today),
        )

    # -- recording -----------------------------------------------------------------

    @api.model
    def _get_recording_fields(self):
        return super()._get_recording_fields() | {"program_ids"}

    def _prepare_recording(self):
        programs = frozenset(self.program_ids.ids)
        return {**super()._prepare_recording(), "programs": programs}

    # -- balances ------------------------------------------------------------------

    @api.model
    def _find_by_program(self, programs):
        """The backends to which points of ``programs`` are bonuses.

        :return: {program: backends}
        """
        found = defaultdict(self.browse)
        for backend in self.sudo().search([("state", "!=", "draft")]):
            for program in backend.program_ids & programs:
                found[program] |= backend
        return found

    def _capture_balances(self, customers, priority=LIVE):
        """The balances of ``customers`` changed, or are to be sent again.

        :param customers: list of (partner, phone); the phone is one that they had
            before, to say what is left there; the present one where it is None
        """
        self.ensure_one()
        now = fields.Datetime.now()
        phones = [phone or partner.phone_sanitized for partner, phone in customers]
        amounts = self._balances_of(phones)
        return self.env["inboost.capture"]._capture_all(
            self,
            [
                Capture(
                    operation="balance_set",
                    key=keys.of_balance(str(uuid4())),
                    fact={"amount": amounts[current], "time": iso(now)},
                    occurred_at=now,
                    partner=partner,
                    record=None,
                    phone=phone,
                )
                for (partner, phone), current in zip(customers, phones, strict=True)
            ],
            priority=priority,
        )

    def _balances_of(self, phones):
        """The points on all bonus cards of the customers with these phones. Contacts
        who share a phone are one customer to InBoost; archived ones cannot use theirs.

        :return: {phone: points}, of every one of ``phones``
        """
        self.ensure_one()
        # Straight from the database: as of now, whatever a cache says.
        self.env["loyalty.card"].flush_model(["points", "active", "partner_id"])
        self.env["res.partner"].flush_model(["phone_sanitized", "active"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.phone_sanitized, SUM(c.points)
                  FROM loyalty_card c
                  JOIN res_partner p ON p.id = c.partner_id
                 WHERE p.phone_sanitized = ANY(%(phones)s)
                   AND p.active
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

    # -- cron ----------------------------------------------------------------------

    @api.model
    def _cron_reconcile(self):
        result = super()._cron_reconcile()
        self.env["inboost.bonus.missing"]._find_all()
        return result
