import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL


class InboostCustomer(models.Model):
    """A contact's identity in a backend: the link between the two. What OCA calls a
    binding."""

    _name = "inboost.customer"
    _description = "InBoost Customer"
    _inherit = ["mail.thread"]
    # Conflicts first: "conflict" comes before the other states.
    _order = "state, id desc"

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
    reason_code = fields.Selection(
        lambda self: self.env["inboost.problem"]._get_selection(),
        "Kind of Reason",
        readonly=True,
    )
    reason_args = fields.Json(readonly=True)
    reason = fields.Char(
        compute="_compute_reason", help="Why a person has to look at this customer."
    )
    warnings = fields.Json(readonly=True)
    warning_text = fields.Text(
        "Left Out",
        compute="_compute_reason",
        help="What InBoost says and could not be taken as it is.",
    )
    opted_out = fields.Boolean(
        "Opted Out in InBoost",
        readonly=True,
        help="InBoost says that this customer wants no messages.",
    )
    row_hash = fields.Char(
        readonly=True, help="Tells whether InBoost lists the customer as before."
    )
    contact_moment = fields.Datetime(
        readonly=True, help="When the contact was written that was compared."
    )
    question = fields.Char(
        readonly=True, help="What is asked, so that it is not asked again."
    )
    question_kind = fields.Selection(
        [
            ("contacts", "Several contacts have the phone"),
            ("doubled", "Two customers of InBoost have the phone"),
            ("phone", "The phone differs"),
            ("merged", "The contact was merged into another"),
            ("account", "The contact has a login here"),
            ("elsewhere", "Another company has the contact"),
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
    _by_hash = models.Index("(backend_id, row_hash) WHERE row_hash IS NOT NULL")
    _waiting = models.Index("(backend_id, id) WHERE history_state = 'waiting'")

    # -- computes ------------------------------------------------------------------

    @api.depends("partner_id", "inboost_id", "phone", "fact")
    def _compute_display_name(self):
        for link in self:
            link.display_name = link.partner_id.display_name or link._get_name()

    def _get_name(self):
        """The customer as InBoost names them, with their number there."""
        fact = self.fact or {}
        name = " ".join(filter(None, [fact.get("firstname"), fact.get("lastname")]))
        name = name or self.partner_id.display_name or self.phone or ""
        return f"{name} ({self.inboost_id})" if self.inboost_id else name

    @api.depends("question")
    def _compute_question_kind(self):
        for link in self:
            link.question_kind = (link.question or "").partition(":")[0] or False

    @api.depends("reason_code", "reason_args", "warnings")
    @api.depends_context("lang")
    def _compute_reason(self):
        problem = self.env["inboost.problem"]
        for link in self:
            link.reason = problem._word(link.reason_code, link.reason_args)
            link.warning_text = problem._word_all(link.warnings)

    @api.depends("fact")
    def _compute_fact_text(self):
        for link in self:
            known = {k: v for k, v in (link.fact or {}).items() if v is not None}
            link.fact_text = json.dumps(known, indent=2, ensure_ascii=False)

    @api.depends("phone", "partner_id.phone_sanitized", "merged_into_id")
    def _compute_candidate_ids(self):
        candidates = self._find_candidates()
        for link in self:
            link.candidate_ids = candidates[link]

    def _find_candidates(self):
        """:return: {link: contacts who may be the customer, whatever was decided}"""
        found = dict(
            self.env["res.partner"]
            .with_context(active_test=False)
            ._read_group(
                [("phone_sanitized", "in", self.filtered("phone").mapped("phone"))],
                ["phone_sanitized"],
                ["id:recordset"],
            )
        )
        nobody = self.env["res.partner"]
        return {
            link: found.get(link.phone, nobody) | link.partner_id | link.merged_into_id
            for link in self
        }

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
        if {"partner_id", "state", "settled"} & vals.keys():
            # Somebody decided: the row is looked at again.
            vals = {"row_hash": False, **vals}
        before = self.partner_id if "partner_id" in vals else self.env["res.partner"]
        result = super().write(vals)
        if "partner_id" in vals:
            (before | self.partner_id)._inboost_touch()
        return result

    # -- another portal ------------------------------------------------------------

    @api.model
    def _forget_numbers(self, backend):
        """What another portal does not know of its customers: they are found by phone.
        Where two had one phone, the link that stands for it stays; a contact of the
        other is found by its own."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM (SELECT id, phone, row_number() OVER (
                               PARTITION BY phone ORDER BY partner_id, id DESC) AS place
                          FROM inboost_customer
                         WHERE backend_id = %s) l
                 WHERE phone IS NULL OR place > 1
                """,
                backend.id,
            )
        )
        self.browse(row[0] for row in rows).unlink()
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_customer
                   SET inboost_id = NULL, row_hash = NULL, last_pull = NULL,
                       opted_out = FALSE, fact = fact - 'inboost_id'
                 WHERE backend_id = %s
             RETURNING id
                """,
                backend.id,
            )
        )
        self.invalidate_model()

    # -- scope ---------------------------------------------------------------------

    @api.model
    def _filter_linked(self, backend, partners):
        """Those of ``partners`` whose phone is that of a customer in InBoost."""
        phones = partners.mapped("phone_sanitized")
        links = self.sudo().search(
            [
                ("backend_id", "=", backend.id),
                ("partner_id.phone_sanitized", "in", [p for p in phones if p]),
                ("state", "!=", "ignored"),
            ]
        )
        linked = set(links.partner_id.mapped("phone_sanitized"))
        return partners.filtered(lambda partner: partner.phone_sanitized in linked)
