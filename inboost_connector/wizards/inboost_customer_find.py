from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import phone as phones


class InboostCustomerFind(models.TransientModel):
    """A phone that somebody asks InBoost about."""

    _name = "inboost.customer.find"
    _description = "Find a Customer in InBoost"

    backend_id = fields.Many2one(
        "inboost.backend",
        required=True,
        domain=[("state", "=", "connected")],
        default=lambda self: self.env["inboost.backend"].search(
            [("state", "=", "connected")], limit=1
        ),
        ondelete="cascade",
    )
    phone = fields.Char(required=True)

    def action_find(self):
        """Open the contact, who is created or linked if InBoost knows the phone."""
        self.ensure_one()
        region = self.backend_id.company_id.country_id.code
        phone = phones.normalise(self.phone, region)
        if not phone:
            raise UserError(self.env._("%s is not a valid phone.", self.phone))
        lookup = self.env["inboost.customer.lookup"]
        partner = lookup._find_now(self.backend_id, phone)
        if not partner:
            raise UserError(
                self.env._("InBoost knows no customer with the phone %s.", phone)
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": partner.id,
            "views": [(False, "form")],
        }
