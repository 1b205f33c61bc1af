from odoo import models

#: What is read of customers comes from here.
ASKING = {"customers_list", "customer_find"}


class InboostEndpoint(models.Model):
    """Where customers come from and how a row is read: that makes contacts of them."""

    _inherit = "inboost.endpoint"

    def write(self, vals):
        result = super().write(vals)
        asking = self.filtered(lambda endpoint: endpoint.operation in ASKING)
        self.env["inboost.trust"]._check(asking.backend_id)
        return result
