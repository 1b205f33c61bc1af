from odoo import api, fields, models


class ResPartner(models.Model):
    """A customer's ledger and what expires when; a balance belongs to a phone."""

    _name = "res.partner"
    _inherit = ["res.partner", "inboost.bonus.mixin"]

    inboost_expiry = fields.Html(groups="inboost_connector.group_inboost_user")

    def _inboost_cards(self):
        cards = self.env["loyalty.card"]
        found = dict(
            cards._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["id:recordset"]
            )
        )
        return {partner: found.get(partner, cards) for partner in self}

    # -- what changes a balance ----------------------------------------------------

    def write(self, vals):
        if "active" not in vals:
            return super().write(vals)
        changed = self.filtered(lambda p: p.active != bool(vals["active"]))
        owners = changed._inboost_owners()
        result = super().write(vals)
        self._inboost_capture_owners(owners)
        return result

    def unlink(self):
        owners = self._inboost_owners()
        result = super().unlink()
        self._inboost_capture_owners(owners)
        return result

    def _inboost_owners(self):
        """Whose balance changes when these contacts can use their points no more.

        :return: list of [partner id, program id, phone]
        """
        if not self:
            return []
        cards = (
            self.env["loyalty.card"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("points", "!=", 0)])
        )
        return [
            [card.partner_id.id, card.program_id.id, card.partner_id.phone_sanitized]
            for card in cards
            if card.partner_id.phone_sanitized
        ]

    @api.model
    def _inboost_capture_owners(self, owners):
        if not owners:
            return
        moves = self.env["inboost.bonus.move"].sudo()
        with self.env["inboost.capture"]._guard(
            self.env._("the balances of contacts"),
            (moves, "_capture_balances", [owners]),
        ):
            moves._capture_balances(owners)

    def _inboost_change_phone(self, before):
        result = super()._inboost_change_phone(before)
        if before:
            with self.env["inboost.capture"]._guard(
                self.env._("the balance of %s", self.display_name),
                (self, "_inboost_capture_balances", [before]),
            ):
                self._inboost_capture_balances(before)
        return result

    def _inboost_capture_balances(self, phone):
        """The customer got another phone: the balance is sent there, and what is left
        under the old one.

        :param str phone: E.164, the old one
        """
        self.ensure_one()
        cards = (
            self.env["loyalty.card"]
            .sudo()
            .search([("partner_id", "=", self.id), ("points", "!=", 0)])
        )
        backends = cards.program_id._inboost_find_backends()
        for backend in self.env["inboost.backend"].union(*backends.values()):
            self.env["inboost.bonus.balance"]._capture(backend, [(self, phone)])
            if self.phone_sanitized:
                self.env["inboost.bonus.balance"]._capture(backend, [(self, None)])
