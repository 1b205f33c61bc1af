from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date, formatLang


class InboostBonusMixin(models.AbstractModel):
    """A card, or whoever has cards: its ledger, and what expires when."""

    _name = "inboost.bonus.mixin"
    _description = "InBoost Bonuses Shown"

    inboost_expiry = fields.Html(
        "Expiring Points",
        compute="_compute_inboost_expiry",
        compute_sudo=True,
        help="The last day on which points can be used. Set a validity on the program.",
    )

    def _inboost_cards(self):
        """:return: {record: cards}"""
        raise NotImplementedError

    @api.depends_context("allowed_company_ids")
    def _compute_inboost_expiry(self):
        companies = self.env.companies.parent_ids
        for record, cards in self._inboost_cards().items():
            # Those of other companies are not the reader's business.
            cards = cards.filtered(
                lambda card: not card.company_id or card.company_id in companies
            )
            days = defaultdict(float)
            entries = self.env["inboost.bonus.lots"]._find(
                cards.program_id, cards=cards
            )
            for entry in entries:
                days[entry.day] += entry.amount
            record.inboost_expiry = self._inboost_expiry_table(days)

    def _inboost_expiry_table(self, days):
        if not days:
            return False
        rows = Markup().join(
            Markup("<tr><td>%s</td><td class='text-end'>%s</td></tr>")
            % (format_date(self.env, day), formatLang(self.env, points))
            for day, points in sorted(days.items())
        )
        head = Markup("<tr><th>%s</th><th class='text-end'>%s</th></tr>") % (
            self.env._("Last day"),
            self.env._("Points"),
        )
        return Markup("<table class='table table-sm w-auto'>%s%s</table>") % (
            head,
            rows,
        )

    def action_view_inboost_moves(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_bonus_move_action"
        )
        cards = self.sudo()._inboost_cards()[self.sudo()]
        action["domain"] = [("card_id", "in", cards.ids)]
        action["context"] = {}
        return action
