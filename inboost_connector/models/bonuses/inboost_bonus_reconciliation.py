from odoo import api, models
from odoo.tools import SQL

from ...lib.points import rounded

#: A ledger and its card may differ by the noise of floats.
TOLERANCE = 0.0001
NOMINATIVE = SQL(
    "(p.applies_on = 'both'"
    " OR p.program_type IN ('ewallet', 'loyalty') AND p.applies_on = 'future')"
)


class InboostBonusReconciliation(models.AbstractModel):
    """The ledger agrees with the cards: from its first day, and every night."""

    _name = "inboost.bonus.reconciliation"
    _description = "InBoost Reconciliation of the Ledger"

    @api.model
    def _open_ledger(self):
        """Opening rows of cards that have none: from Odoo's history where that adds
        up to the card's points, else one row as of today.

        :return: the rows
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH bare AS MATERIALIZED (
                    SELECT c.*, abs(c.points - h.total) < %(tolerance)s
                           AND h.least >= 0 AS adds_up
                      FROM loyalty_card c
                      JOIN loyalty_program p ON p.id = c.program_id
                 LEFT JOIN LATERAL (
                           SELECT SUM(issued - used) AS total,
                                  MIN(LEAST(issued, used)) AS least
                             FROM loyalty_history WHERE card_id = c.id) h ON TRUE
                     WHERE %(nominative)s
                       AND c.points <> 0
                       AND NOT EXISTS (
                           SELECT FROM inboost_bonus_move m WHERE m.card_id = c.id)),
                opening AS (
                    SELECT b.id, h.issued AS won, h.used AS spent,
                           h.create_date AS time,
                           SUM(h.issued - h.used) OVER (
                               PARTITION BY b.id ORDER BY h.create_date, h.id) AS after
                      FROM bare b JOIN loyalty_history h ON h.card_id = b.id
                     WHERE b.adds_up AND (h.issued <> 0 OR h.used <> 0)
                 UNION ALL
                    SELECT b.id, GREATEST(b.points, 0), GREATEST(-b.points, 0),
                           now() AT TIME ZONE 'UTC', b.points
                      FROM bare b
                     WHERE b.adds_up IS NOT TRUE)
                INSERT INTO inboost_bonus_move (
                       uuid, kind, card_id, card_code, partner_id, program_id,
                       company_id, won, spent, change, balance_after, time,
                       create_uid, create_date, write_uid, write_date)
                SELECT gen_random_uuid()::varchar, 'opening', b.id, b.code,
                       b.partner_id, b.program_id, b.company_id,
                       o.won, o.spent, o.won - o.spent, o.after, o.time,
                       1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
                  FROM opening o JOIN bare b ON b.id = o.id
              ORDER BY o.time
             RETURNING id
                """,
                tolerance=TOLERANCE,
                nominative=NOMINATIVE,
            )
        )
        moves = self.env["inboost.bonus.move"]
        moves.invalidate_model()
        return moves.browse(row[0] for row in rows)

    @api.model
    def _cron_prove(self):
        with self.env["inboost.long.job"]._take("ir_cron_bonus_reconcile") as mine:
            if mine:
                self._prove()

    @api.model
    def _prove(self):
        """Prove the ledger; heal what passed Odoo by, and notify the administrator.

        :return: the rows that this took
        """
        opened = self._open_ledger()
        wrong = self.env.execute_query(
            SQL(
                """
                SELECT c.id, c.points - COALESCE(m.total, 0)
                  FROM loyalty_card c
                  JOIN loyalty_program p ON p.id = c.program_id
             LEFT JOIN (
                       SELECT card_id, SUM(change) AS total
                         FROM inboost_bonus_move
                     GROUP BY card_id) m ON m.card_id = c.id
                 WHERE %(nominative)s
                   AND abs(c.points - COALESCE(m.total, 0)) > %(tolerance)s
              ORDER BY c.id
                """,
                tolerance=TOLERANCE,
                nominative=NOMINATIVE,
            )
        )
        reason = self.env._("Found by the nightly reconciliation")
        moves = self.env["inboost.bonus.move"].create(
            [
                {
                    **self.env["inboost.bonus.move"]._prepare_card_values(card),
                    "kind": "adjustment",
                    "change": rounded(change),
                    "won": rounded(max(change, 0)),
                    "spent": rounded(max(-change, 0)),
                    "balance_after": rounded(card.points),
                    "reason": reason,
                }
                for card, change in (
                    (self.env["loyalty.card"].browse(card_id), change)
                    for card_id, change in wrong
                )
            ]
        )
        found = opened + moves
        found._capture_balances()
        self._notify_of_adjustments(found)
        return found

    @api.model
    def _notify_of_adjustments(self, found):
        backends = found.program_id._inboost_find_backends()
        for backend in self.env["inboost.backend"].union(*backends.values()):
            moves = found.filtered(lambda m, b=backend: m.program_id in b.program_ids)
            self.env["inboost.alarm"]._notify_administrators(
                backend,
                self.env._(
                    "The points of %(count)s loyalty cards were not as the ledger had "
                    "them, and it was adjusted: %(cards)s",
                    count=len(moves.card_id),
                    cards=", ".join(moves.card_id[:5].mapped("code")),
                ),
            )
