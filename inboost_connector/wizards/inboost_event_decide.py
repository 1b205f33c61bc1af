from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

ACTIONS = [
    ("send_again", "Send again"),
    ("mark_delivered", "Mark delivered"),
    ("cancel", "Cancel"),
]
HEADLINES = {
    "send_again": _lt("Events that are sent again: %s"),
    "mark_delivered": _lt("Events that are marked as delivered: %s"),
    "cancel": _lt("Events that are cancelled and will not be sent: %s"),
}


class InboostEventDecide(models.TransientModel):
    """How many events a decision is about, before it is made."""

    _name = "inboost.event.decide"
    _description = "InBoost Decision about Several Events"

    event_ids = fields.Many2many("inboost.event", required=True, readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    fitting_count = fields.Integer("Of These", compute="_compute_summary")
    summary = fields.Text(compute="_compute_summary")

    @api.depends("event_ids", "action")
    @api.depends_context("lang")
    def _compute_summary(self):
        for wizard in self:
            fitting = wizard._get_fitting()
            wizard.fitting_count = len(fitting)
            headline = self.env._(HEADLINES[wizard.action])
            lines = [headline % len(fitting), *wizard._say_rest(fitting)]
            if wizard.action == "send_again":
                lines += wizard._say_doubtful(fitting)
            wizard.summary = "\n".join(lines)

    def _get_fitting(self):
        allowed = self.event_ids._get_decidable_states(self.action)
        return self.event_ids.filtered(lambda event: event.state in allowed)

    def _say_rest(self, fitting):
        titles = dict(self.event_ids._fields["state"]._description_selection(self.env))
        rest = (self.event_ids - fitting).grouped("state")
        if rest:
            counts = [f"{titles[state]}: {len(some)}" for state, some in rest.items()]
            yield self.env._("Left as they are: %s", ", ".join(counts))

    def _say_doubtful(self, fitting):
        held = fitting.filtered(lambda event: event.state == "held")
        if held:
            yield self.env._(
                "InBoost may have %s of them already: nobody knows whether they "
                "arrived.",
                len(held),
            )

    def action_decide(self):
        self.ensure_one()
        result = getattr(self._get_fitting(), f"action_{self.action}")()
        return result or {"type": "ir.actions.act_window_close"}
