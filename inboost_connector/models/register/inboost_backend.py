from odoo import api, models


class InboostBackend(models.Model):
    """Orders of the point of sale are purchases."""

    _inherit = "inboost.backend"

    @api.model
    def _get_document_models(self):
        return [*super()._get_document_models(), "pos.order"]

    @api.model
    def _get_recording_fields(self):
        return super()._get_recording_fields() | {"program_ids"}

    def _prepare_recording(self):
        programs = frozenset(self.program_ids.ids)
        return {**super()._prepare_recording(), "programs": programs}
