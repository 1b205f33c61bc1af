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
    state = fields.Selection(
        [
            ("asking", "To be asked"),
            ("invalid", "Not a phone"),
            ("unknown", "Not a customer"),
            ("trouble", "Not answered"),
        ],
        required=True,
        default="asking",
    )
    answer = fields.Char(readonly=True)

    def action_find(self):
        """Open the contact, who is created or linked if InBoost knows the phone; else
        say why not, in the same window."""
        self.ensure_one()
        region = self.backend_id.company_id.country_id.code
        phone = phones.normalise(self.phone, region)
        if not phone:
            contacts = self.env["res.partner"]
            return self._show(
                "invalid", contacts._inboost_explain_phone(self.phone, region)
            )
        try:
            with self.env.cr.savepoint():
                partner = self.env["inboost.customer.lookup"]._find_now(
                    self.backend_id, phone
                )
        except UserError as error:
            return self._show("trouble", str(error))
        if not partner:
            return self._show(
                "unknown",
                self.env._("InBoost has no customer with the phone %s.", phone),
            )
        return self._open(partner.id)

    def action_create_contact(self):
        """A new contact with this phone; or the one that is here."""
        self.ensure_one()
        phone = phones.normalise(self.phone, self.backend_id.company_id.country_id.code)
        match = self.env["inboost.customer.match"].sudo()
        here = match._find_contact(self.backend_id.sudo(), phone)
        return self._open(here.id, default_phone=phone)

    def _show(self, state, answer):
        self.write({"state": state, "answer": answer})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Find in InBoost by Phone"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _open(self, partner_id, **context):
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": partner_id,
            "views": [(False, "form")],
            "context": context,
        }
