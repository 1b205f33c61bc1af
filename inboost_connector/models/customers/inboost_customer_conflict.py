from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

#: What a decided link is.
LINKED = {
    "state": "linked",
    "reason_code": False,
    "reason_args": False,
    "merged_into_id": False,
}
#: What is shown of people side by side: the words of lib.customers.
COMPARED = ("phone", "email", "birthdate", "source", "specialty")


class InboostCustomer(models.Model):
    """What a person decides about a customer, with what they need to see for it."""

    _inherit = "inboost.customer"

    rival_id = fields.Many2one(
        "inboost.customer",
        compute="_compute_rival_id",
        help="The other customer of InBoost with the same contact.",
    )
    comparison = fields.Html(compute="_compute_comparison", sanitize=False)
    label_take_over = fields.Char(compute="_compute_labels")
    label_ignore = fields.Char(compute="_compute_labels")
    label_keep = fields.Char(compute="_compute_labels")
    label_take_phone = fields.Char(compute="_compute_labels")

    # -- computes ------------------------------------------------------------------

    @api.depends("candidate_ids", "partner_id")
    def _compute_rival_id(self):
        for link in self:
            link.rival_id = (
                self.search(
                    [
                        ("backend_id", "=", link.backend_id.id),
                        ("partner_id", "in", link.candidate_ids.ids),
                        ("id", "!=", link.id),
                    ],
                    limit=1,
                )
                if link.candidate_ids and not link.partner_id
                else False
            )

    @api.depends("partner_id", "phone", "fact", "candidate_ids")
    @api.depends_context("lang")
    def _compute_labels(self):
        for link in self:
            who, rival = link._get_name(), link.rival_id
            contact = link.partner_id or rival.partner_id
            link.label_take_over = self.env._(
                "Link %(contact)s to %(customer)s",
                contact=contact.display_name or "",
                customer=who,
            )
            link.label_ignore = (
                self.env._(
                    "Keep %(rival)s, ignore %(customer)s",
                    rival=rival._get_name(),
                    customer=who,
                )
                if rival
                else self.env._("Ignore %s", who)
            )
            link.label_keep = link._get_keep_label()
            link.label_take_phone = self.env._(
                "Write %s into the contact", link.phone or ""
            )

    def _get_keep_label(self):
        contact = self.partner_id
        if self.question_kind == "phone" and contact.phone_sanitized:
            return self.env._("Keep %s", contact.phone_sanitized)
        if self.question_kind == "contacts":
            return self.env._("Keep the link to %s", contact.display_name or "")
        return self.env._("Leave %s as it is", contact.display_name or "")

    @api.depends("fact", "phone", "candidate_ids", "state")
    @api.depends_context("lang")
    def _compute_comparison(self):
        for link in self:
            link.comparison = (
                link._prepare_comparison() if link.state == "conflict" else False
            )

    def _prepare_comparison(self):
        """People in columns, what is known of each in rows."""
        problem = self.env["inboost.problem"]
        columns = [self._describe_customer()]
        if self.rival_id:
            columns.append(self.rival_id._describe_customer())
        contacts = self.candidate_ids.sorted(lambda p: (p != self.partner_id, p.id))
        columns += [self._describe_contact(partner) for partner in contacts[:4]]
        labels = [
            ("title", ""),
            ("name", self.env._("Full name")),
            *((word, problem._word_field(word).capitalize()) for word in COMPARED),
            ("orders", self.env._("Last purchase")),
            ("since", self.env._("Here since")),
        ]
        rows = Markup().join(
            Markup("<tr><th class='text-muted fw-normal'>%s</th>%s</tr>")
            % (
                label,
                Markup().join(
                    (Markup("<th>%s</th>") if key == "title" else Markup("<td>%s</td>"))
                    % (column.get(key) or "–")
                    for column in columns
                ),
            )
            for key, label in labels
            if any(column.get(key) for column in columns)
        )
        return (
            Markup("<div class='table-responsive'><table class='table table-sm'>")
            + rows
            + Markup("</table></div>")
        )

    def _describe_customer(self):
        fact = self.fact or {}
        return {
            **{word: fact.get(word) for word in COMPARED},
            "birthdate": format_date(self.env, fact.get("birthdate")),
            "title": self.env._(
                "InBoost %(id)s", id=self.inboost_id or self.phone or ""
            ),
            "name": " ".join(
                filter(None, [fact.get("firstname"), fact.get("lastname")])
            ),
            "since": format_date(self.env, self.create_date),
        }

    def _describe_contact(self, partner):
        found = (
            self.env["inboost.customer.match"]
            .sudo()
            ._find_contacts(self.backend_id.sudo(), {partner.phone_sanitized})
        )
        last = next(
            (
                candidate.last_purchase
                for candidate, _link in found.get(partner.phone_sanitized, ())
                if candidate.id == partner.id
            ),
            None,
        )
        chosen = partner == (self.partner_id or self.rival_id.partner_id)
        return {
            "title": (
                self.env._("Chosen contact") if chosen else self.env._("Contact here")
            ),
            "name": partner.display_name,
            "phone": partner.phone,
            "email": partner.email,
            "birthdate": format_date(self.env, partner.birthdate_date),
            "source": partner.inboost_source_id.name,
            "specialty": partner.inboost_specialty_id.name,
            "orders": format_date(self.env, last) if last else "",
            "since": format_date(self.env, partner.create_date),
        }

    # -- actions -------------------------------------------------------------------

    def action_settle(self):
        """The contact is right as it stands; do not ask again."""
        for link in self._check_may_decide():
            if not link.partner_id:
                raise UserError(
                    self.env._(
                        "An InBoost administrator has to choose the contact of %s "
                        "first; or press Ignore.",
                        link.display_name,
                    )
                )
            link.write({"settled": link.question, **LINKED})
            if link.history_state == "none":
                link._queue_history()

    def action_ignore(self):
        """This customer of InBoost is no contact here."""
        self._check_may_decide().write(
            {
                "state": "ignored",
                "partner_id": False,
                "settled": False,
                "reason_code": False,
                "reason_args": False,
                "merged_into_id": False,
                "history_state": "none",
            }
        )

    def action_take_over(self):
        """This customer of InBoost is the right one of two; the other is ignored."""
        for link in self._check_may_decide():
            rival = link.rival_id
            if not rival:
                raise UserError(self.env._("No other customer has this contact."))
            partner = rival.partner_id
            rival.write({**LINKED, "partner_id": False, "state": "ignored"})
            rival.flush_recordset()
            link.write({"partner_id": partner.id, **LINKED})
            link._queue_history()

    def action_take_phone(self):
        """InBoost's phone is the right one."""
        for link in self._check_may_decide().filtered("partner_id"):
            partner = link.partner_id
            if self.env["inboost.customer.match"]._filter_accounts(partner):
                raise UserError(
                    self.env._(
                        "%s has a login here: InBoost changes nothing of theirs. Open "
                        "the contact and enter the phone yourself.",
                        partner.display_name,
                    )
                )
            partner.phone = link.phone
            link.write({"question": False, **LINKED})

    def _link_to(self, partner):
        """``partner``, one of the candidates, is this customer."""
        for link in self._check_may_decide():
            other = self.sudo().search(
                [
                    ("backend_id", "=", link.backend_id.id),
                    ("partner_id", "=", partner.id),
                    ("id", "!=", link.id),
                ]
            )
            if other:
                raise UserError(
                    self.env._(
                        "%(contact)s is %(customer)s already.",
                        contact=partner.display_name,
                        customer=other._get_name(),
                    )
                )
            link.partner_id = partner
            link.action_settle()

    def action_ask_again(self):
        """Undo a decision: the next pull looks at this customer anew."""
        self._check_may_decide().write(
            {"state": "conflict", "question": False, "settled": False}
        )

    def action_synchronise(self):
        """Ask InBoost about these customers now."""
        self._check_may_decide()
        for link in self:
            self.env["inboost.customer.lookup"]._find_now(
                link.backend_id, link.partner_id.phone_sanitized or link.phone
            )

    def action_send_history(self):
        """Look for purchases that InBoost does not have; nothing goes twice."""
        self._check_may_decide().filtered("partner_id")._queue_history()

    def _queue_history(self):
        self.env["inboost.customer.history"]._queue(self)

    def _check_may_decide(self):
        """What a person decides about, once it is known that they may."""
        if not self.env.user.has_group("inboost_connector.group_inboost_user"):
            raise AccessError(self.env._("Only an InBoost user may do this."))
        self.check_access("read")
        return self.sudo()
