from odoo import api, models
from odoo.tools import SQL


class InboostDocumentMixin(models.AbstractModel):
    """A document that was not sent."""

    _inherit = "inboost.document.mixin"

    @api.model
    def _inboost_total_sql(self):
        """The total of document ``d`` with the sign of the money."""
        return SQL("d.amount_total::float8")

    @api.model
    def _inboost_is_purchase_sql(self, backend):
        """A condition: whether document ``d``, which counts, is a purchase by now."""
        return SQL("TRUE")

    @api.model
    def _inboost_unsent_sql(self, backend, operations, condition, since, until=None):
        """Purchases since a moment of which nothing was recorded.

        :param operations: that nothing was recorded of
        :param SQL condition: that document ``d`` meets
        :param until: the moment before which they were made; without it also those
            of a register whose clock is ahead
        :return: a table: id, name, partner_id, company_id, time, amount_total
        """
        moment, partner = self._inboost_moment_sql(), self._inboost_partner_sql()
        return SQL(
            """
            SELECT d.id, d.name, %(partner)s AS partner_id, d.company_id,
                   %(moment)s AS time, %(total)s AS amount_total
              FROM %(table)s d
             WHERE %(counts)s
               AND d.company_id = ANY(%(companies)s)
               AND %(moment)s >= %(since)s
               AND %(moment)s < %(until)s
               AND %(partner)s IS NOT NULL
               AND %(purchase)s
               AND %(shop)s
               AND %(condition)s
               AND NOT EXISTS (
                   SELECT FROM inboost_event e
                    WHERE e.backend_id = %(backend)s
                      AND e.operation = ANY(%(operations)s)
                      AND e.key = %(key)s)
            """,
            partner=partner,
            moment=moment,
            total=self._inboost_total_sql(),
            table=SQL.identifier(self._table),
            counts=self._inboost_counts_sql(),
            companies=backend._get_companies().ids,
            since=since,
            until=until or SQL("'infinity'"),
            purchase=self._inboost_is_purchase_sql(backend),
            shop=self._inboost_about_shop_sql(backend),
            condition=condition,
            backend=backend.id,
            operations=operations,
            key=self._inboost_key_sql(),
        )
