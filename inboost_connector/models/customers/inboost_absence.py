from odoo import api, fields, models
from odoo.tools import SQL

REASONS = [
    ("no_phone", "No phone"),
    ("invalid_phone", "Invalid phone"),
    ("opted_out", "Opted out"),
    ("not_linked", "Not a customer of InBoost"),
]


class InboostAbsence(models.Model):
    """Who buys here and is not reached in InBoost, and why: a view of the database."""

    _name = "inboost.absence"
    _description = "Customer Not in InBoost"
    _auto = False
    _order = "last_purchase desc, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", "Contact", readonly=True)
    backend_id = fields.Many2one("inboost.backend", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    reason = fields.Selection(REASONS, "Why", readonly=True)
    phone = fields.Char(readonly=True)
    last_purchase = fields.Datetime(readonly=True)
    need = fields.Char(
        "What It Needs", compute="_compute_need", help="What a person can do about it."
    )

    @property
    def _table_query(self):
        backends = self.env["inboost.backend"].sudo().search([("state", "!=", "draft")])
        parts = [self._select(b, n, len(backends)) for n, b in enumerate(backends)]
        return SQL(" UNION ALL ").join(parts or [self._select_nothing()])

    def _select(self, backend, number, count):
        companies = backend._get_companies() | backend.company_id.parent_ids
        documents = self.env["inboost.document.mixin"]
        return SQL(
            """
            SELECT p.id * %(count)s + %(number)s AS id, p.id AS partner_id,
                   %(backend)s AS backend_id, %(company)s AS company_id,
                   %(reason)s AS reason, p.phone, %(last)s AS last_purchase
              FROM res_partner p
             WHERE p.active
               AND (p.company_id IS NULL OR p.company_id = ANY(%(companies)s))
               AND (%(bought)s OR EXISTS (
                   SELECT FROM loyalty_card c
                    WHERE c.partner_id = p.id AND c.program_id = ANY(%(programs)s)))
               AND %(reason)s IS NOT NULL
            """,
            count=count,
            number=number,
            backend=backend.id,
            company=backend.company_id.id,
            reason=self._reason_sql(SQL("AND l.backend_id = %s", backend.id)),
            last=documents._inboost_any_last_purchase_sql(backend),
            bought=documents._inboost_any_bought_sql(backend),
            companies=companies.ids,
            programs=backend.program_ids.ids,
        )

    @staticmethod
    def _select_nothing():
        return SQL(
            "SELECT 0 AS id, 0 AS partner_id, 0 AS backend_id, 0 AS company_id,"
            " ''::varchar AS reason, ''::varchar AS phone,"
            " now()::timestamp AS last_purchase WHERE FALSE"
        )

    @api.model
    def _reason_sql(self, scope):
        """Why contact ``p`` is not reached in InBoost, null where they are.

        :param SQL scope: narrows the links ``l``
        """
        return SQL(
            """
            CASE WHEN COALESCE(p.phone, '') = '' THEN 'no_phone'
                 WHEN p.phone_sanitized IS NULL THEN 'invalid_phone'
                 WHEN EXISTS (
                      SELECT FROM phone_blacklist b
                       WHERE b.number = p.phone_sanitized AND b.active)
                 THEN 'opted_out'
                 WHEN NOT EXISTS (
                      SELECT FROM inboost_customer l
                       WHERE l.partner_id = p.id AND l.state <> 'ignored' %s)
                 THEN 'not_linked' END
            """,
            scope,
        )

    @api.depends("reason", "partner_id")
    @api.depends_context("lang")
    def _compute_need(self):
        for absence in self:
            absence.need = absence.partner_id._inboost_need(absence.reason)

    def action_open_contact(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(False, "form")],
        }

    def action_find(self):
        """Ask InBoost about these contacts now."""
        return self.partner_id.action_inboost_synchronise()
