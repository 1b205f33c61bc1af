from odoo import api, fields, models
from odoo.exceptions import UserError

from ...lib import codes


class InboostPortalMixin(models.AbstractModel):
    """Who is at an address that changed: another portal, or the same one at a new
    address. Nothing of ours can tell, so that a person says it."""

    _name = "inboost.portal.mixin"
    _description = "InBoost Portal of a Backend"

    is_moved = fields.Boolean(
        compute="_compute_is_moved",
        help="The address is not that of the portal that was connected last, and "
        "nobody said yet who is there.",
    )

    @api.depends("address", "connected_portal")
    def _compute_is_moved(self):
        for backend in self:
            portal = backend.connected_portal
            backend.is_moved = portal and portal != codes.portal_name(
                backend.address or ""
            )

    def action_change_portal(self):
        """Another portal is there: what belongs to the one before is left behind."""
        self._check_moving()
        backend = self.sudo()
        self.env["inboost.restoration"]._begin_doubt(backend)
        backend._leave_portal()
        return self._note_portal(
            self.env._(
                "%(new)s is another portal than %(old)s: customers are found by their "
                "phones again.",
                new=self.address,
                old=self.connected_portal,
            )
        )

    def action_keep_portal(self):
        """The same portal is there: all stays as it is."""
        self._check_moving()
        return self._note_portal(
            self.env._(
                "%(new)s is the same portal as %(old)s: all stays as it is.",
                new=self.address,
                old=self.connected_portal,
            )
        )

    def _check_moving(self):
        self.ensure_one()
        self.check_access("write")
        if not self.is_moved:
            raise UserError(self.env._("There is nothing to decide."))

    def _note_portal(self, text):
        backend = self.sudo()
        backend.connected_portal = codes.portal_name(self.address)
        backend.message_post(body=text)
        return self._notify(text, "success")

    def _leave_portal(self):
        """Called when another portal takes the place of the one before. An upper storey
        leaves behind what only that one knows."""

    def _check_portal(self):
        """:raise UserError: when nobody said yet who is at the address"""
        for backend in self.filtered("is_moved"):
            raise UserError(
                self.env._(
                    "%(backend)s was connected to %(portal)s before. Say on the "
                    "backend whether %(address)s is another portal or the same one.",
                    backend=backend.name,
                    portal=backend.connected_portal,
                    address=backend.address,
                )
            )
