from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

BATCH = 5000


class InboostRetention(models.AbstractModel):
    """What was kept for long enough goes, in small batches."""

    _name = "inboost.retention"
    _description = "InBoost Retention"

    @api.model
    def _purge(self, model, days, moment, which=None):
        """Delete a batch of the oldest rows of each backend. An index on the backend
        and the moment finds them.

        :param str model: whose rows are of a backend each
        :param str days: the backend's field that says for how many days they are kept
        :param str moment: the column that their age is counted from
        :param SQL which: a condition on the rows; all when None
        :return: (number of deleted rows, whether there are more), as Odoo's vacuum
            wants
        """
        done, more = 0, False
        records = self.env[model]
        backends = self.env["inboost.backend"].with_context(active_test=False)
        for backend in backends.search([]):
            rows = self.env.execute_query(
                SQL(
                    """
                    DELETE FROM %(table)s
                     WHERE id = ANY(ARRAY(
                           SELECT id FROM %(table)s
                            WHERE backend_id = %(backend)s
                              AND %(moment)s < %(limit)s
                              AND %(which)s
                         ORDER BY %(moment)s
                            LIMIT %(batch)s))
                 RETURNING id
                    """,
                    table=SQL.identifier(records._table),
                    backend=backend.id,
                    moment=SQL.identifier(moment),
                    limit=fields.Datetime.now() - timedelta(days=backend[days]),
                    which=which or SQL("TRUE"),
                    batch=BATCH,
                )
            )
            done += len(rows)
            more = more or len(rows) == BATCH
        records.invalidate_model()
        return done, more
