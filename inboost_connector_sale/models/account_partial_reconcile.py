from odoo import models


class AccountPartialReconcile(models.Model):
    """Part of an invoice and of a payment that belong together."""

    _inherit = "account.partial.reconcile"

    # What was paid lately is looked for every quarter of an hour.
    _inboost_created = models.Index("(create_date)")
