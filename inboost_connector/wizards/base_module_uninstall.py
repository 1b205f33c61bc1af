from odoo import api, fields, models

from ..lib.states import ATTENTION


class BaseModuleUninstall(models.TransientModel):
    _inherit = "base.module.uninstall"

    inboost_loss = fields.Text("Lost with InBoost", compute="_compute_inboost_loss")

    @api.depends("module_ids")
    def _compute_inboost_loss(self):
        for wizard in self:
            leaves = "inboost_connector" in wizard._get_modules().mapped("name")
            wizard.inboost_loss = leaves and wizard._count_loss()

    def _count_loss(self):
        counts = dict(
            self.env["inboost.event"]
            .sudo()
            ._read_group(
                [("state", "in", ("pending", "sending", *ATTENTION))],
                ["state"],
                ["__count"],
            )
        )
        undecided = sum(counts.get(state, 0) for state in ATTENTION)
        return self.env._(
            "%(waiting)s events wait to be sent to InBoost and %(undecided)s need a "
            "decision: they are lost, as are the links to customers, the ledger of "
            "bonuses and the request log. What InBoost has stays there. Installed "
            "again, the connector asks before it sends what InBoost may have already.",
            waiting=sum(counts.values()) - undecided,
            undecided=undecided,
        )
