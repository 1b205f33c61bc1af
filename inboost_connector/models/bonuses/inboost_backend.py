from odoo import api, fields, models


class InboostBackend(models.Model):
    """Which programs are bonuses, and when their customers are notified."""

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

    # -- cron ----------------------------------------------------------------------

    @api.model
    def _reconcile(self):
        result = super()._reconcile()
        self.env["inboost.bonus.missing"]._find_all()
        return result
