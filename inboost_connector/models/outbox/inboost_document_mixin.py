from odoo import fields, models

from ...lib.priority import HISTORY, LIVE


class InboostDocumentMixin(models.AbstractModel):
    """A document that is a purchase, and shows what InBoost was told of it."""

    _name = "inboost.document.mixin"
    _description = "InBoost Document"

    inboost_event_count = fields.Integer(
        compute="_compute_inboost_event_count",
        groups="inboost_connector.group_inboost_user",
    )

    def _compute_inboost_event_count(self):
        counts = dict(
            self.env["inboost.event"]._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)],
                ["res_id"],
                ["__count"],
            )
        )
        for document in self:
            document.inboost_event_count = counts.get(document.id, 0)

    def action_view_inboost_events(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.action_inboost_event"
        )
        action["domain"] = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        action["context"] = {}
        return action

    def _inboost_capture_purchase(
        self, backend, fact, key, moment, again="", priority=LIVE
    ):
        """A purchase or a refund: the webhook, then the details. History goes to the
        details only: the webhook would start campaigns for it.

        :param lib.facts.Purchase fact: of this document
        :param datetime moment: when it happened
        """
        self.ensure_one()
        facts = [("purchase_details", key, fact, moment)]
        if priority != HISTORY:
            webhook = "purchase_refund" if fact["is_refund"] else "purchase"
            facts.insert(0, (webhook, key, fact, moment))
            backend._capture_customer(self.partner_id)
        return self.env["inboost.event"]._capture(
            backend,
            facts,
            self.partner_id,
            record=self,
            priority=priority,
            again=again,
        )
