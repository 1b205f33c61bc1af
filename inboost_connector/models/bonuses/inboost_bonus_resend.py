from odoo import api, fields, models
from odoo.tools import SQL

from ...lib.priority import HISTORY

#: Customers whose balances are recorded in one transaction, and seconds for it.
CUSTOMERS_AT_ONCE = 500
BATCH_SECONDS = 3


class InboostBonusResend(models.Model):
    """Something changed the balances of many customers at once: a program, or what
    makes a phone valid. They are sent batch after batch, behind what happens now."""

    _name = "inboost.bonus.resend"
    _description = "InBoost Balances to Send Again"
    _order = "id"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, readonly=True, ondelete="cascade"
    )
    program_ids = fields.Json(
        "Programs", readonly=True, help="Whose cards' customers: database ids."
    )
    reads_phones = fields.Boolean(
        readonly=True, help="The phones of these customers are read again first."
    )
    last_partner_id = fields.Integer(
        readonly=True, default=0, help="The customer who was looked at last."
    )

    @api.model
    def _queue(self, backends, programs=None, reads_phones=False):
        """Send the balances of all customers with a card in ``programs``, by default
        in those of each backend."""
        rows = self.sudo().create(
            [
                {
                    "backend_id": backend.id,
                    "program_ids": (programs or backend.program_ids).ids,
                    "reads_phones": reads_phones,
                }
                for backend in backends
            ]
        )
        if rows:
            self._trigger()
        return rows

    @api.model
    def _trigger(self):
        self.env["inboost.watch"]._trigger("ir_cron_bonus_resend")

    @api.model
    def _cron_resend(self):
        while row := self.search([], limit=1):
            if row._send_batch():
                row.unlink()
            if self.env["ir.cron"]._commit_progress(1) < BATCH_SECONDS:
                self._trigger()
                return

    def _send_batch(self):
        """:return: whether that was the last one"""
        self.ensure_one()
        if self.reads_phones and not self.last_partner_id:
            self._read_phones(self._find_parked())
        partners = self._find_next()
        if not partners:
            return True
        if self.reads_phones:
            self._read_phones(partners)
        customers = [(partner, None) for partner in partners]
        self.env["inboost.bonus.balance"]._capture(
            self.backend_id, customers, priority=HISTORY
        )
        self.last_partner_id = partners[-1].id
        return False

    def _read_phones(self, partners):
        """Contacts without a country of their own are in the company's."""
        partners = partners.with_company(self.backend_id.company_id)
        self.env.add_to_compute(partners._fields["phone_sanitized"], partners)
        partners.flush_recordset(["phone_sanitized"])

    def _find_parked(self):
        """Customers whose events wait for a valid phone, whether they have a card or
        not."""
        parked = [("backend_id", "=", self.backend_id.id), ("state", "=", "parked")]
        return self.env["inboost.event"].sudo().search(parked).partner_id

    def _find_next(self):
        self.env["loyalty.card"].flush_model(["points", "partner_id", "program_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT c.partner_id
                  FROM loyalty_card c
                 WHERE c.program_id = ANY(%s)
                   AND c.active
                   AND c.points <> 0
                   AND c.partner_id > %s
              ORDER BY c.partner_id
                 LIMIT %s
                """,
                self.program_ids,
                self.last_partner_id,
                CUSTOMERS_AT_ONCE,
            )
        )
        return self.env["res.partner"].browse(row[0] for row in rows)
