from odoo import fields, models

KINDS = [
    ("created", "Created"),
    ("linked", "Linked"),
    ("updated", "Updated"),
    ("unchanged", "Unchanged"),
    ("conflict", "Conflict"),
    ("error", "Error"),
]


class InboostSyncLine(models.Model):
    _name = "inboost.sync.line"
    _description = "InBoost Synchronisation Line"
    _order = "run_id desc, number"
    _rec_name = "phone"

    run_id = fields.Many2one(
        "inboost.sync.run", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", related="run_id.company_id", store=True)
    number = fields.Integer("Row", readonly=True, aggregator=None)
    kind = fields.Selection(KINDS, "Result", required=True, readonly=True)
    inboost_id = fields.Char("InBoost ID", readonly=True)
    phone = fields.Char(readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    text = fields.Char("What", readonly=True)
