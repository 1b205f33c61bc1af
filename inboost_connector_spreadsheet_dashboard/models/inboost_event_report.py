from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.inboost_connector.lib.priority import LIVE

#: States in which it is known whether an event arrived as it should, or a person has to
#: look.
ENDED = ("done", "held", "failed", "expired")


class InboostEventReport(models.Model):
    """Events as those see them who analyse: how many, how well and how fast. A view of
    the database: what is asked for a period reads the events of that period."""

    _name = "inboost.event.report"
    _description = "InBoost Events Analysis"
    _auto = False
    _order = "occurred_at desc, id desc"

    backend_id = fields.Many2one("inboost.backend", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    occurred_at = fields.Datetime(readonly=True)
    operation = fields.Selection(
        lambda self: self._get_choices("operation"), readonly=True
    )
    state = fields.Selection(lambda self: self._get_choices("state"), readonly=True)
    reason_code = fields.Selection(
        lambda self: self._get_choices("reason_code"), "Cause", readonly=True
    )
    delivered = fields.Float(
        readonly=True,
        aggregator="avg",
        help="The share of what InBoost accepted in what was to arrive by now. What "
        "waits, or was given up by a person, is in neither.",
    )
    prompt = fields.Float(
        "Within a Minute",
        readonly=True,
        aggregator="avg",
        help="The share of what InBoost accepted less than a minute after it happened. "
        "History is left out.",
    )
    delay = fields.Float(
        "Delay (Minutes)",
        readonly=True,
        aggregator="avg",
        help="From when it happened to when InBoost accepted it. History is left out.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT id, backend_id, company_id, occurred_at, operation, state,
                   reason_code,
                   CASE WHEN state IN %(ended)s
                        THEN (state = 'done')::int::float8 END AS delivered,
                   CASE WHEN %(live)s
                        THEN (done_at < occurred_at + interval '1 minute')::int::float8
                    END AS prompt,
                   CASE WHEN %(live)s
                        THEN GREATEST(
                             EXTRACT(EPOCH FROM done_at - occurred_at)::float8 / 60, 0)
                    END AS delay
              FROM inboost_event
            """,
            ended=ENDED,
            live=SQL("state = 'done' AND priority = %s", LIVE),
        )

    @api.model
    def _get_choices(self, name):
        """:return: the words of an event's field, in the reader's language"""
        return self.env["inboost.event"]._fields[name]._description_selection(self.env)
