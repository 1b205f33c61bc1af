from odoo import models

#: What is read of customers comes from here.
ASKING = {"customers_list", "customer_find"}


class InboostEndpoint(models.Model):
    """Where customers come from, and how a row is read, decides what contacts become;
    see ``inboost.backend._check_may_overwrite``."""

    _inherit = "inboost.endpoint"

    def write(self, vals):
        result = super().write(vals)
        self.filtered(lambda e: e.operation in ASKING).backend_id.with_env(
            self.env
        )._check_may_overwrite()
        return result
