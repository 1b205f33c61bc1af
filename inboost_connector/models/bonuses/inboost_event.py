from odoo import fields, models
from odoo.tools import SQL

from ...lib.facts import iso


class InboostEvent(models.Model):
    """Balances on their way: read when they leave, and the newest is enough."""

    _inherit = "inboost.event"

    amount_sent = fields.Float(
        "Balance Sent", readonly=True, help="The balance as it left."
    )

    def _sending_fact(self):
        fact = super()._sending_fact()
        if self.operation != "balance_set":
            return fact
        amount = self.backend_id._balance_of(self.phone)
        self.amount_sent = amount
        return {**fact, "amount": amount, "time": iso(fields.Datetime.now())}

    def _lease_due(self, limit, lease):
        events = super()._lease_due(limit, lease)
        return events - events._supersede_balances()

    def _recover_leases(self):
        self._supersede_balances()
        return super()._recover_leases()

    def _supersede_balances(self):
        """Balances that did not leave yet and have a newer one behind them. Done here
        and not when the newer is captured: a sale must not wait for these rows, nor
        fail because of them.

        With nothing in ``self``, all that wait."""
        self.flush_model()
        which = SQL("e.state IN ('pending', 'parked')")
        if self:
            which = SQL("e.id = ANY(%s)", self.ids)
        rows = self.env.execute_query(
            SQL(
                """
                WITH old AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_event e
                     WHERE e.operation = 'balance_set'
                       AND %(which)s
                       AND (EXISTS (
                           SELECT FROM inboost_event newer
                            WHERE newer.backend_id = e.backend_id
                              AND newer.phone = e.phone
                              AND newer.id > e.id
                              AND newer.state = 'pending'
                              AND newer.operation = 'balance_set')
                        OR e.state = 'parked' AND EXISTS (
                           SELECT FROM inboost_event newer
                            WHERE newer.backend_id = e.backend_id
                              AND newer.partner_id = e.partner_id
                              AND newer.id > e.id
                              AND newer.state = 'parked'
                              AND newer.operation = 'balance_set'))
                       FOR UPDATE OF e SKIP LOCKED)
                UPDATE inboost_event e
                   SET state = 'superseded', reason = NULL, lease = NULL,
                       lease_until = NULL, next_try = NULL, write_date = %(now)s
                  FROM old
                 WHERE e.id = old.id
             RETURNING e.id
                """,
                which=which,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model()
        return self.browse(row[0] for row in rows)
