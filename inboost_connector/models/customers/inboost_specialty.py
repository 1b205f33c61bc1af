from odoo import fields, models


class InboostSpecialty(models.Model):
    """What a customer does for a living: InBoost's ``profession``."""

    _name = "inboost.specialty"
    _description = "Customer Specialty"
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)

    _name_unique = models.UniqueIndex(
        "(lower(name))", "There is a specialty of this name already."
    )
