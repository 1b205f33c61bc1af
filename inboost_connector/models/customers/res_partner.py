from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...lib import phone as phones


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

    inboost_absence = fields.Selection(
        [
            ("no_phone", "No phone"),
            ("invalid_phone", "Invalid phone"),
            ("opted_out", "Opted out"),
            ("not_linked", "Not a customer of InBoost"),
        ],
        "Not in InBoost, and Why",
        compute="_compute_inboost_absence",
        search="_search_inboost_absence",
        compute_sudo=True,
        groups="inboost_connector.group_inboost_user",
    )
    inboost_absence_need = fields.Char(
        "What It Needs",
        compute="_compute_inboost_absence",
        compute_sudo=True,
        groups="inboost_connector.group_inboost_user",
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

    @api.depends("phone", "phone_sanitized", "inboost_customer_ids.state")
    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_inboost_absence(self):
        for partner in self:
            reason = partner._inboost_absent_because()
            partner.inboost_absence = reason
            partner.inboost_absence_need = partner._inboost_need(reason)

    def _inboost_absent_because(self):
        if not self.phone:
            return "no_phone"
        if not self.phone_sanitized:
            return "invalid_phone"
        if self.phone_sanitized_blacklisted:
            return "opted_out"
        return False if self.is_inboost_customer else "not_linked"

    def _search_inboost_absence(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["phone.blacklist"].flush_model()
        self.env["inboost.customer"].flush_model()
        companies = self.env.companies.sudo().parent_ids
        reason = self._inboost_absence_sql(
            SQL("AND l.company_id = ANY(%s)", companies.ids)
        )
        query = SQL(
            "(SELECT p.id FROM res_partner p WHERE %s = ANY(%s))",
            reason,
            [word for word in value if word],
        )
        return [("id", "in", query)]

    @api.model
    def _inboost_absence_sql(self, scope):
        """As :meth:`_inboost_absent_because` has it, of contact ``p``.

        :param SQL scope: narrows the links ``l``
        """
        return SQL(
            """
            CASE WHEN COALESCE(p.phone, '') = '' THEN 'no_phone'
                 WHEN p.phone_sanitized IS NULL THEN 'invalid_phone'
                 WHEN EXISTS (
                      SELECT FROM phone_blacklist b
                       WHERE b.number = p.phone_sanitized AND b.active)
                 THEN 'opted_out'
                 WHEN NOT EXISTS (
                      SELECT FROM inboost_customer l
                       WHERE l.partner_id = p.id AND l.state <> 'ignored' %s)
                 THEN 'not_linked' END
            """,
            scope,
        )

    def _inboost_need(self, reason):
        """What a person can do about an absence."""
        self.ensure_one()
        if reason == "invalid_phone":
            return self._inboost_explain_phone(
                self.phone, (self.country_id or self.env.company.country_id).code
            )
        return {
            "no_phone": self.env._("Enter a phone on the contact."),
            "opted_out": self.env._(
                "Nothing: the customer wants no messages. Balances and purchase "
                "details are sent all the same."
            ),
            "not_linked": self.env._(
                "InBoost has not listed a customer with this phone. Press Synchronise "
                "Now on the contact to ask again."
            ),
        }.get(reason, False)

    @api.model
    def _inboost_explain_phone(self, phone, region):
        """Why ``phone`` is not valid, most likely, and what to do.

        :param str region: ISO country of numbers without a country code
        """
        cause = phones.find_cause(phone, region)
        words = {
            "letters": self.env._("it has letters in it"),
            "no_country": self.env._(
                "it has no country code, and neither the contact nor the company has "
                "a country"
            ),
            "short": self.env._("it is too short"),
            "long": self.env._("it is too long"),
            "unknown_code": self.env._(
                "no such number exists in %s", region or self.env._("any country")
            ),
        }
        return self.env._(
            "“%(phone)s” is not a valid phone: %(cause)s. Correct it, or write it with "
            "its country code.",
            phone=phone or "",
            cause=words[cause],
        )

    def _inboost_visible(self):
        """Links of the companies that the user works in, and of those above."""
        companies = self.env.companies.sudo().parent_ids
        return [("company_id", "in", companies.ids), ("state", "!=", "ignored")]

    # -- actions -------------------------------------------------------------------

    def action_inboost_link_here(self):
        """This contact is the customer whose form it is listed on."""
        self.ensure_one()
        link = self.env["inboost.customer"].browse(self.env.context["inboost_link_id"])
        link._link_to(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": link._name,
            "res_id": link.id,
            "views": [(False, "form")],
        }

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
