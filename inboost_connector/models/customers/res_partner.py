from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: What the sanitised phone is computed from.
PHONE_FIELDS = {"phone", "country_id", "company_id"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Odoo keeps it stored but not indexed; a million contacts are searched by it.
    phone_sanitized = fields.Char(index="btree_not_null")
    inboost_source_id = fields.Many2one(
        "utm.source",
        "Source of Acquisition",
        index="btree_not_null",
        help="Where the customer came from.",
    )
    inboost_specialty_id = fields.Many2one(
        "inboost.specialty",
        "Specialty",
        index="btree_not_null",
        help="What the customer does for a living.",
    )
    inboost_customer_ids = fields.One2many(
        "inboost.customer",
        "partner_id",
        "InBoost Customers",
        groups="inboost_connector.group_inboost_user",
    )
    inboost_event_count = fields.Integer(
        compute="_compute_inboost_event_count",
        groups="inboost_connector.group_inboost_user",
    )
    is_inboost_customer = fields.Boolean(
        "InBoost Customer",
        compute="_compute_is_inboost_customer",
        search="_search_is_inboost_customer",
        compute_sudo=True,
        help="Whether the contact is a customer in InBoost.",
    )

    @api.depends("inboost_customer_ids.state")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_inboost_customer(self):
        linked = self.env["inboost.customer"].search(
            [("partner_id", "in", self.ids), *self._inboost_visible()]
        )
        for partner in self:
            partner.is_inboost_customer = partner in linked.partner_id

    def _search_is_inboost_customer(self, operator, value):
        if operator != "in":
            return NotImplemented
        links = (
            self.env["inboost.customer"]
            .sudo()
            ._search([("partner_id", "!=", False), *self._inboost_visible()])
        )
        return [
            ("id", "in" if True in value else "not in", links.subselect("partner_id"))
        ]

    def _inboost_visible(self):
        """Links of the companies that the user works in, and of those above."""
        companies = self.env.companies.sudo().parent_ids
        return [("company_id", "in", companies.ids), ("state", "!=", "ignored")]

    def _compute_inboost_event_count(self):
        counts = dict(
            self.env["inboost.event"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.inboost_event_count = counts.get(partner, 0)

    # -- CRUD ----------------------------------------------------------------------

    def write(self, vals):
        if not PHONE_FIELDS & vals.keys():
            return super().write(vals)
        before = {partner: partner.phone_sanitized for partner in self}
        result = super().write(vals)
        event = self.env["inboost.event"]
        with event._guard("a phone"):
            event._release_parked(self)
            self._inboost_tell_balances(before)
        return result

    def _inboost_tell_balances(self, before):
        """A balance belongs to a phone: those who got another are told there, and what
        is left under the old one.

        :param dict before: {partner: its phone}
        """
        moved = self.filtered(lambda p: before[p] and p.phone_sanitized != before[p])
        cards = (
            self.env["loyalty.card"]
            .sudo()
            .search([("partner_id", "in", moved.ids), ("points", "!=", 0)])
        )
        backends = self.env["inboost.backend"]._counting(cards.program_id)
        for partner, some in cards.grouped("partner_id").items():
            for backend in self.env["inboost.backend"].union(
                *(backends[program] for program in some.program_id)
            ):
                backend._capture_balances(partner, phone=before[partner])
                if partner.phone_sanitized:
                    backend._capture_balances(partner)

    @api.ondelete(at_uninstall=False)
    def _inboost_forget(self):
        """Somebody who is deleted here is not created again by the next pull; of them
        only InBoost's own number is kept. Where InBoost gives none, they are."""
        lines = self.env["inboost.sync.line"].sudo()
        lines.search([("partner_id", "in", self.ids)]).write(
            {"phone": False, "text": False}
        )
        links = (
            self.env["inboost.customer"]
            .sudo()
            .with_context(tracking_disable=True)
            .search([("partner_id", "in", self.ids)])
        )
        # Who it was linked to was told there, by name.
        links.message_ids.unlink()
        links.write(
            {
                "partner_id": False,
                "phone": False,
                "fact": False,
                "state": "ignored",
                "question": False,
                "reason": self.env._("The contact was deleted here."),
                "history_state": "none",
            }
        )

    # -- actions -------------------------------------------------------------------

    def action_inboost_synchronise(self):
        """Ask InBoost about these contacts now."""
        backends = self.env["inboost.backend"].search([("state", "=", "connected")])
        if not backends:
            raise UserError(self.env._("No backend is connected."))
        known, problems = 0, []
        for partner in self:
            try:
                with self.env.cr.savepoint():
                    found = [b._find_now(partner.phone_sanitized) for b in backends]
                known += any(found)
            except UserError as error:
                if len(self) == 1:
                    raise
                problems.append(f"{partner.display_name}: {error}")
        if len(self) == 1:
            message = (
                self.env._("InBoost knows them; the contact is up to date.")
                if known
                else self.env._("InBoost knows no customer with this phone.")
            )
        else:
            message = self.env._(
                "InBoost knows %(known)s of %(count)s.", known=known, count=len(self)
            )
        return backends._notify(
            "\n".join([message, *problems[:5]]),
            "success" if known and not problems else "warning",
        )

    def action_view_inboost_customer_events(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.action_inboost_event"
        )
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {}
        return action

    # -- register ------------------------------------------------------------------

    @api.model
    def _load_pos_data_fields(self, config):
        return [*super()._load_pos_data_fields(config), "is_inboost_customer"]

    def _inboost_touch(self):
        """Registers load contacts that were written since they last did, and a link is
        part of what they show of one."""
        if not self:
            return
        self.flush_recordset(["write_date"])
        self.env.execute_query(
            SQL(
                "UPDATE res_partner SET write_date = %s"
                " WHERE id = ANY(%s) RETURNING id",
                fields.Datetime.now(),
                self.ids,
            )
        )
        self.invalidate_recordset(["write_date"])
