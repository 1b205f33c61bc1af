from odoo import api, models


class InboostHealth(models.AbstractModel):
    """Programs whose points InBoost never hears of."""

    _inherit = "inboost.health"

    @api.model
    def _find_repairs(self, backend):
        yield from super()._find_repairs(backend)
        unused = self._find_unused_programs(backend)
        if unused:
            text = self.env._(
                "The points of %s are sent nowhere. Choose the program on the backend "
                "if they are bonuses.",
                ", ".join(unused.mapped("name")),
            )
            yield "programs_unused", text, "info", None, False

    @api.model
    def _find_unused_programs(self, backend):
        """Programs of the company that would be bonuses, and no backend has."""
        programs = self.env["loyalty.program"].search(
            [
                ("program_type", "=", "loyalty"),
                ("applies_on", "in", ("both", "future")),
                ("company_id", "in", (False, backend.company_id.id)),
            ]
        )
        used = self.env["inboost.backend"].search([]).program_ids
        return programs - used
