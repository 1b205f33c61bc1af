from odoo import fields, models

#: What the sanitised phone is computed from.
PHONE_FIELDS = {"phone", "country_id", "company_id"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Odoo keeps it stored but not indexed; a million contacts are searched by it.
    phone_sanitized = fields.Char(index="btree_not_null")

    def write(self, vals):
        result = super().write(vals)
        if PHONE_FIELDS & vals.keys():
            event = self.env["inboost.event"]
            with event._guard("a phone"):
                event._release_parked(self)
        return result
