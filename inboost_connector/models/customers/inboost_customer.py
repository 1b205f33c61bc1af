import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

#: What a decided link is.
LINKED = {"state": "linked", "reason": False, "merged_into_id": False}


class InboostCustomer(models.Model):
    """A contact's identity in a backend: the link between the two. What OCA calls a
    binding."""

    _name = "inboost.customer"
    _description = "InBoost Customer"
    _inherit = ["mail.thread"]
    _order = "id desc"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(
        "res.company", related="backend_id.company_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        ondelete="set null",
        index="btree_not_null",
        tracking=True,
        domain="[('id', 'in', candidate_ids)]",
        help="The contact that this customer is. Where several have the phone: the one "
        "that was linked before, else an active one, else a person, else who bought "
        "last.",
    )
    inboost_id = fields.Char(
        "InBoost ID", readonly=True, help="The customer's number in InBoost."
    )
    phone = fields.Char("Phone in InBoost", readonly=True)
    state = fields.Selection(
        [("linked", "Linked"), ("conflict", "Conflict"), ("ignored", "Ignored")],
        required=True,
        default="linked",
        readonly=True,
        tracking=True,
        help="Conflict: somebody should look which contact this is. Ignored: a person "
        "decided that this customer of InBoost is none here.",
    )
    reason = fields.Char(readonly=True)
    question = fields.Char(
        readonly=True, help="What is asked, so that it is not asked again."
    )
    question_kind = fields.Selection(
        [
            ("contacts", "Several contacts have the phone"),
            ("doubled", "Two customers of InBoost have the phone"),
            ("phone", "The phone differs"),
            ("merged", "The contact was merged into another"),
        ],
        "Conflict",
        compute="_compute_question_kind",
        help="What kind of decision is asked for.",
    )
    settled = fields.Char(readonly=True, help="The question that a person answered.")
    candidate_ids = fields.Many2many(
        "res.partner",
        string="Contacts with This Phone",
        compute="_compute_candidate_ids",
    )
    merged_into_id = fields.Many2one(
        "res.partner",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        help="The contact that its own was merged into, who is another customer.",
    )
    last_pull = fields.Date(
        "Last Listed", readonly=True, help="The day on which InBoost last listed them."
    )
    fact = fields.Json(readonly=True)
    fact_text = fields.Text("In InBoost", compute="_compute_fact_text")
    balance_sent = fields.Float(
        compute="_compute_balance_sent",
        help="The last bonus balance that InBoost received.",
    )
    balance_sent_on = fields.Datetime(compute="_compute_balance_sent")
    history_state = fields.Selection(
        [("none", "Not needed"), ("waiting", "Waiting"), ("done", "Sent")],
        "Purchase History",
        required=True,
        default="none",
        readonly=True,
        help="Whether purchases from before the link are in the outbox. Not needed: "
        "the contact came from InBoost.",
    )
    history_count = fields.Integer(
        "Purchases Sent as History", readonly=True, aggregator=None
    )

    _customer_unique = models.Constraint(
        "UNIQUE(backend_id, inboost_id)", "This customer of InBoost is linked already."
    )
    _contact_unique = models.Constraint(
        "UNIQUE(backend_id, partner_id)",
        "This contact is linked to another customer of InBoost already.",
    )
    # Two tills that meet a customer without a number at once make one of them.
    _numberless_unique = models.UniqueIndex(
        "(backend_id, phone) WHERE inboost_id IS NULL AND phone IS NOT NULL",
        "This customer of InBoost is linked already.",
    )
    _by_phone = models.Index("(backend_id, phone)")
    _waiting = models.Index("(backend_id, id) WHERE history_state = 'waiting'")

    # -- computes ------------------------------------------------------------------

    @api.depends("partner_id", "inboost_id", "phone")
    def _compute_display_name(self):
        for link in self:
            link.display_name = (
                link.partner_id.display_name or link.phone or link.inboost_id
            )

    @api.depends("question")
    def _compute_question_kind(self):
        for link in self:
            link.question_kind = (link.question or "").partition(":")[0] or False

    @api.depends("fact")
    def _compute_fact_text(self):
        for link in self:
            known = {k: v for k, v in (link.fact or {}).items() if v is not None}
            link.fact_text = json.dumps(known, indent=2, ensure_ascii=False)

    @api.depends("phone", "partner_id.phone_sanitized", "merged_into_id")
    def _compute_candidate_ids(self):
        found = dict(
            self.env["res.partner"]
            .with_context(active_test=False)
            ._read_group(
                [("phone_sanitized", "in", self.filtered("phone").mapped("phone"))],
                ["phone_sanitized"],
                ["id:recordset"],
            )
        )
        for link in self:
            contacts = found.get(link.phone, self.env["res.partner"])
            link.candidate_ids = contacts | link.partner_id | link.merged_into_id

    def _compute_balance_sent(self):
        phones = self.partner_id.mapped("phone_sanitized") + self.mapped("phone")
        events = self.env["inboost.event"].sudo()
        newest = {
            (backend, phone): last
            for backend, phone, last in events._read_group(
                [
                    ("operation", "=", "balance_set"),
                    ("state", "=", "done"),
                    ("phone", "in", [phone for phone in phones if phone]),
                    ("backend_id", "in", self.backend_id.ids),
                ],
                ["backend_id", "phone"],
                ["id:max"],
            )
        }
        for link in self:
            phone = link.partner_id.phone_sanitized or link.phone
            event = events.browse(newest.get((link.backend_id.sudo(), phone)))
            link.balance_sent = event.amount_sent
            link.balance_sent_on = event.done_at

    # -- CRUD ----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        links = super().create(vals_list)
        links.partner_id._inboost_touch()
        return links

    @api.constrains("partner_id", "backend_id")
    def _check_contact_company(self):
        """A contact that is bound to a company is nobody else's customer."""
        for link in self.sudo().filtered("partner_id.company_id"):
            company = link.partner_id.company_id
            backend = link.backend_id
            if company not in backend._get_companies() | backend.company_id.parent_ids:
                raise ValidationError(
                    self.env._(
                        "%(contact)s belongs to %(company)s, which %(backend)s is not "
                        "about.",
                        contact=link.partner_id.display_name,
                        company=company.name,
                        backend=backend.name,
                    )
                )

    def write(self, vals):
        # What InBoost says and what was decided is not typed in by hand.
        if not self.env.su and any(self._fields[name].readonly for name in vals):
            raise AccessError(self.env._("Only the contact can be changed by hand."))
        before = self.partner_id if "partner_id" in vals else self.browse()
        result = super().write(vals)
        if "partner_id" in vals:
            (before | self.partner_id)._inboost_touch()
        return result

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
                "reason": False,
                "merged_into_id": False,
                "history_state": "none",
            }
        )

    def action_take_over(self):
        """This customer of InBoost is the right one of two; the other is ignored."""
        for link in self._check_may_decide():
            rival = self.sudo().search(
                [
                    ("backend_id", "=", link.backend_id.id),
                    ("partner_id", "in", link.candidate_ids.ids),
                    ("id", "!=", link.id),
                ],
                limit=1,
            )
            if not rival:
                raise UserError(self.env._("No other customer has this contact."))
            partner = rival.partner_id
            rival.write({"partner_id": False, "state": "ignored", "reason": False})
            rival.flush_recordset()
            link.write({"partner_id": partner.id, **LINKED})
            link._queue_history()

    def action_take_phone(self):
        """InBoost's phone is the right one."""
        for link in self._check_may_decide().filtered("partner_id"):
            link.partner_id.phone = link.phone
            link.write({"question": False, **LINKED})

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
