from odoo import models


class InboostDocumentMixin(models.AbstractModel):
    """The points of a document."""

    _inherit = "inboost.document.mixin"

    def _inboost_get_uuid(self):
        self.ensure_one()
        return self[self._inboost_uuid_field]

    def _inboost_estimate_points(self, programs):
        """What the document should have won and spent by the rules of ``programs``, as
        far as the server can tell.

        :return: {program: (points won, points spent)}
        """
        return {}
