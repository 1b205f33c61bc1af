from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

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

    # -- actions -------------------------------------------------------------------

    def action_inboost_synchronise(self):
        """Ask InBoost about these contacts now."""
        backends = self.env["inboost.backend"].search([("state", "=", "connected")])
        if not backends:
            raise UserError(self.env._("No backend is connected."))
        lookup = self.env["inboost.customer.lookup"]
        known, problems = 0, []
        for partner in self:
            try:
                with self.env.cr.savepoint():
                    found = [
                        lookup._find_now(backend, partner.phone_sanitized)
                        for backend in backends
                    ]
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
