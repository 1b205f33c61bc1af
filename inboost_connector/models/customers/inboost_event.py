from odoo import api, models
from odoo.tools import SQL

from ...lib import phone
from ...lib.facts import UNKNOWN_CONSENT


class InboostEvent(models.Model):
    """The consent of customers is read when events about them leave."""

    _inherit = "inboost.event"

    @api.model
    def _read_consent(self, phones):
        return self.env["inboost.customer.consent"]._describe(phones)

    @api.model
    def _read_consents(self, task, phones):
        found = self._read_consent(self._find_opted_out(task.id))
        style = task.target.phone_style
        known = {phone.style(number, style): one for number, one in found.items()}
        rows = task.fact.get("customers") or []
        told = [{**row, **known.get(row["phone"], UNKNOWN_CONSENT)} for row in rows]
        return {task.phone: {"customers": told}}

    @api.model
    def _find_opted_out(self, event_id):
        """:return: phones of those in a notice who opted out since it was made"""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT b.number
                  FROM inboost_event_notified_rel r
                  JOIN inboost_bonus_move m ON m.id = r.move_id
                  JOIN res_partner p ON p.id = m.partner_id
                  JOIN phone_blacklist b ON b.number = p.phone_sanitized AND b.active
                 WHERE r.event_id = %s AND b.number LIKE '+%%'
                """,
                event_id,
            )
        )
        return [row[0] for row in rows]
