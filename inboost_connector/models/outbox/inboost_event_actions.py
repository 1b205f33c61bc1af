from odoo import Command, api, models
from odoo.exceptions import AccessError, UserError

#: {decision: states of the events that it can be made about}
DECIDABLE = {
    "send_again": ("held", "failed", "cancelled"),
    "mark_delivered": ("held", "failed", "parked", "pending"),
    "undo_delivered": ("done",),
    "cancel": ("held", "failed", "parked", "pending"),
}


class InboostEvent(models.Model):
    """What a person does with an event."""

    _inherit = "inboost.event"

    # -- actions -------------------------------------------------------------------

    def action_send_again(self):
        """Back to the queue, under the same event id."""
        return self._decide("send_again")

    def action_mark_delivered(self):
        self._check_manager()
        return self._decide("mark_delivered")

    def action_undo_delivered(self):
        """Somebody marked it by mistake: nobody knows again whether it arrived."""
        self._check_manager()
        return self._decide("undo_delivered")

    def action_cancel(self):
        self._check_manager()
        return self._decide("cancel")

    def action_decide(self):
        """Ask first: say how many of the selected ones it is about."""
        self.check_access("read")
        wizard = self.env["inboost.event.decide"].create(
            {
                "event_ids": [Command.set(self.ids)],
                "action": self.env.context["inboost_decide"],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide about Several Events"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_view_document(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def _check_manager(self):
        if not self.env.user.has_group("inboost_connector.group_inboost_manager"):
            raise AccessError(self.env._("Only an InBoost administrator may do this."))

    @api.model
    def _get_decidable_states(self, action):
        return DECIDABLE[action]

    def _decide(self, action):
        """A person's decision, checked against the state under a lock, and remembered.
        What can be done is done; the rest is said."""
        if not self.env.user.has_group("inboost_connector.group_inboost_user"):
            raise AccessError(self.env._("Only an InBoost user may do this."))
        self.check_access("read")
        # What a person may decide is decided here; the rows are the server's own.
        events = self.sudo()
        events.lock_for_update()
        events.invalidate_recordset(["state"])
        fitting = events._filter_decidable(action)
        rest = events - fitting
        if not fitting:
            raise UserError(self._explain_rest(rest, 0))
        self.env["inboost.event.decision"].sudo().create(
            [
                {
                    "event_id": event.id,
                    "user_id": self.env.uid,
                    "action": action,
                    "state_before": event.state,
                }
                for event in fitting
            ]
        )
        fitting._carry_out(action)
        self.env["inboost.alarm"]._refresh(fitting.backend_id)
        if not rest:
            return None
        return self.env["inboost.backend"]._notify(
            self._explain_rest(rest, len(fitting)), "warning"
        )

    def _filter_decidable(self, action):
        events = self.filtered(lambda event: event.state in DECIDABLE[action])
        if action != "undo_delivered":
            return events
        # What InBoost accepted stays delivered.
        return events.filtered("marked_by_id")

    def _carry_out(self, action):
        if action == "send_again":
            self._queue()
        elif action == "mark_delivered":
            self._finish("done")
        elif action == "undo_delivered":
            self._finish("held", "unmarked")
        else:
            self._finish("cancelled")

    def _explain_rest(self, rest, count):
        titles = dict(self._fields["state"]._description_selection(self.env))
        states_left = ", ".join(
            f"{titles[state]}: {len(events)}"
            for state, events in rest.grouped("state").items()
        )
        if len(rest) == 1:
            return self.env._(
                "%(event)s cannot be changed like this; it is in the state "
                "%(state)s. %(advice)s",
                event=rest.display_name,
                state=titles[rest.state],
                advice=rest.advice or "",
            )
        return self.env._(
            "Done: %(count)s. Left as they are (%(states)s): %(rest)s",
            count=count,
            rest=len(rest),
            states=states_left,
        )
